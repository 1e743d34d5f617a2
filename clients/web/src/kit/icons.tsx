/** The views' signs, drawn on a grid of 18. */
import type { ComponentChildren, JSX } from "preact";

const sign = (children: ComponentChildren): JSX.Element => (
  <svg width="18" height="18" viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
    {children}
  </svg>
);

export const icons = {
  overview: sign(<path d="M2.5 15.5h13M4.5 12.5v-4M9 12.5v-9M13.5 12.5v-6" />),
  events: sign(<path d="M2.5 9h3l2-5.5 3 11 2-5.5h3" />),
  funnel: sign(<path d="M2.5 3.5h13l-5 6v5l-3-1.5v-3.5z" />),
  retention: sign(<path d="M3 3h4v4H3zM3 11h4v4H3zM11 3h4v4h-4zM11 11h4v4h-4z" />),
  paths: sign(<path d="M3 4.5h3c4 0 2 9 6 9h3M12.500 11l2.500 2.500-2.500 2.500M3 13.500h3c1.400 0 2-1.200 2.500-2.600" />),
  users: sign(<path d="M9 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 15.500c.600-3 3-4.500 6-4.500s5.400 1.500 6 4.500" />),
  rejected: sign(<path d="M9 2.500 16 15H2zM9 7v3.500M9 12.800v.2" />),
  pipeline: sign(<path d="M2.500 5.500c2.200-2 4.300-2 6.500 0s4.300 2 6.500 0M2.500 9.500c2.200-2 4.300-2 6.500 0s4.300 2 6.500 0M2.500 13.500c2.200-2 4.300-2 6.500 0s4.300 2 6.500 0" />),
  settings: sign(<path d="M3 5h6M13 5h2M3 13h2M9 13h6M11 3v4M7 11v4" />),
};

export type IconName = keyof typeof icons;
