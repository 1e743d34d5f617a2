/** Light, dark, or as the system has it. */
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEPT = "headrace.theme";
const stored = localStorage.getItem(KEPT);

export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "system");
/** Changes whenever colours do: charts are drawn anew then. */
export const palette = signal(0);

export function applyTheme(): void {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
  palette.value += 1;
}

export function choose(next: Theme): void {
  theme.value = next;
  if (next === "system") localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, next);
  applyTheme();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);
