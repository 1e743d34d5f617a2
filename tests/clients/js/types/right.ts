/** What a program may write. Checked by tsc, never run. */

import { DeliveryError, InvalidEventError, PulseClient, type PulseOptions, type Receipt } from '@headrace/sdk'
import { PulseClient as Aliased } from '@pulse/sdk'

const options: PulseOptions = { siteId: 'shop', apiKey: 'hr_write_x', endpoint: 'https://events.example.com' }

// without types of one's own: any name, any properties, both spellings
const pulse = new PulseClient(options)
const receipt: Promise<Receipt> = pulse.trackEvent({ eventType: 'page_view', sessionId: 's', url: '/products', deviceType: 'desktop' })
void pulse.trackEvent({ event_type: 'user_signup', timestamp: Date.now(), session_id: 's', user_id: 'u', plan: 'premium' })
const event = { site_id: 'shop', event_type: 'user_signup', timestamp: Date.now(), session_id: 's', user_id: 'u', url: '/' }
void pulse.trackEvent(event)
void new Aliased(options).trackEvent({ eventType: 'click' })

// with them: each name has its properties
type Events = { page_view: object; purchase: { price: number; currency: 'EUR' | 'USD'; coupon?: string } }
const shop = new PulseClient<Events>({ ...options, exitSignals: ['SIGTERM'], fetch: globalThis.fetch })
void shop.trackEvent({ eventType: 'purchase', price: 9.5, currency: 'EUR', userId: 'u', timestamp: new Date() })
void shop.trackEvent({ event_type: 'purchase', price: 9.5, currency: 'USD', coupon: 'x', idempotency_key: 'order-42' })
void shop.trackEvent({ eventType: 'page_view', url: '/' })

export async function sent(): Promise<string | undefined> {
  try {
    const { eventId, deduplicated, idempotencyKey } = await receipt
    const known: boolean | undefined = deduplicated
    return known ? eventId : idempotencyKey
  } catch (error) {
    if (error instanceof InvalidEventError) return `${error.field}: ${error.reason}`
    if (error instanceof DeliveryError) return `${error.tries} ${error.status} ${String(error.cause)}`
    throw error
  } finally {
    await pulse.flush()
    await pulse.close({ timeoutMs: 1000 })
  }
}
