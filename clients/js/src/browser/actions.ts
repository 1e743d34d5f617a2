/** Clicks that lead elsewhere, and forms that are sent. Never what somebody typed. */

type Track = (name: string, properties: Record<string, unknown>) => void

/** An event `click` with the address, for each link to another host. */
export function watchOutbound(track: Track): void {
  const clicked = (event: Event): void => {
    const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null
    if (link && /^http/.test(link.protocol) && link.host !== location.host) {
      track('click', { kind: 'outbound', target: link.href })
    }
  }
  document.addEventListener('click', clicked, true)
  document.addEventListener('auxclick', clicked, true)
}

/** An event `form_submit` with the form's id, name and address. */
export function watchForms(track: Track): void {
  const sent = (event: Event): void => {
    const form = event.target as HTMLFormElement
    const said = (name: string): string | undefined => form.getAttribute(name) ?? undefined
    track('form_submit', { form_id: said('id'), form_name: said('name'), target: said('action') })
  }
  document.addEventListener('submit', sent, true)
}
