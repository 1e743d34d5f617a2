import { PulseClient } from '@pulse/sdk'
const pulse = new PulseClient({
siteId: 'site_abc123',
apiKey: 'YOUR_API_KEY',
endpoint: 'https://your-api.example.com'
})
// Send event
await pulse.trackEvent({
eventType: 'page_view',
sessionId: 'session_123',
url: '/products',
deviceType: 'desktop'
})
