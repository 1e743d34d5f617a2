/** What a program may not write: tsc must complain of each line that is marked. */

import { PulseClient } from '@headrace/sdk'

type Events = { purchase: { price: number; currency: 'EUR' | 'USD' }; page_view: object }
const shop = new PulseClient<Events>({ siteId: 'shop', endpoint: 'https://events.example.com' })

// @ts-expect-error a name that is none of them
void shop.trackEvent({ eventType: 'purchse', price: 1, currency: 'EUR' })
// @ts-expect-error a property is missing
void shop.trackEvent({ eventType: 'purchase', price: 1 })
// @ts-expect-error a property of another type
void shop.trackEvent({ eventType: 'purchase', price: '1', currency: 'EUR' })
// @ts-expect-error a value that is none of them
void shop.trackEvent({ eventType: 'purchase', price: 1, currency: 'GBP' })
// @ts-expect-error a property that it does not have
void shop.trackEvent({ eventType: 'purchase', price: 1, currency: 'EUR', colour: 'red' })
// @ts-expect-error a field of another type
void shop.trackEvent({ eventType: 'page_view', userId: 42 })
// @ts-expect-error no name
void shop.trackEvent({ url: '/' })
// @ts-expect-error a site is missing
void new PulseClient({ endpoint: 'https://events.example.com' })
// @ts-expect-error an option that there is not
void new PulseClient({ siteId: 'shop', endpoint: 'https://events.example.com', retries: 3 })
// @ts-expect-error a key is a text
void new PulseClient({ siteId: 'shop', endpoint: 'https://events.example.com', apiKey: 7 })
