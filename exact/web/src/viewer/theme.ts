/** The viewer is dark unless somebody chose light: tissue is judged against a calm surround. Kept apart from the pages' theme. */

const KEY = "exact-viewer-theme";

export type ViewerTheme = "dark" | "light";

export function viewerTheme(): ViewerTheme {
  return localStorage.getItem(KEY) === "light" ? "light" : "dark";
}

export function applyViewerTheme(): void {
  document.documentElement.dataset["theme"] = viewerTheme();
}

export function setViewerTheme(theme: ViewerTheme): void {
  localStorage.setItem(KEY, theme);
  applyViewerTheme();
}
