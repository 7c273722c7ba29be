// Runs before the first paint, so that a chosen theme never flashes the other one. Kept in step with preferences.svelte.ts.
try {
  const theme = JSON.parse(localStorage.getItem('preferences') || '{}').theme;
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme is used.
}
