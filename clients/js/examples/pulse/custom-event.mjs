import { PulseClient } from '@pulse/sdk'
const pulse = new PulseClient({
siteId: 'site_abc123',
apiKey: 'YOUR_API_KEY',
endpoint: 'https://your-api.example.com'
})
const [sessionId, userId, window] = ['session_123', 'user_123', { location: { href: 'https://example.com/' } }]

const event = {
site_id: 'site_abc123',
event_type: 'user_signup',
timestamp: Date.now(),
session_id: sessionId,
user_id: userId,
url: window.location.href
}
await pulse.trackEvent(event)
