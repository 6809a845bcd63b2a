/** Light, dark or the system's own: kept in this browser, applied before the first paint by static/theme.js. */

export type Theme = "light" | "dark" | "system";

const KEY = "exact-theme";

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function setTheme(wanted: Theme): void {
  const root = document.documentElement;
  if (wanted === "system") {
    localStorage.removeItem(KEY);
    delete root.dataset["theme"];
  } else {
    localStorage.setItem(KEY, wanted);
    root.dataset["theme"] = wanted;
  }
  window.dispatchEvent(new CustomEvent("exact-theme", { detail: wanted }));
}
