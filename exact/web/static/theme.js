// Runs before the first paint, so that a chosen theme never flashes; src/design/theme.ts keeps the choice.
(() => {
  const chosen = localStorage.getItem(document.documentElement.dataset.themeKey ?? "exact-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
