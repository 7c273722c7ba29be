const DURATION = 200;

/** Lets a photo grow out of its tile in the timeline, if that is in sight and motion is welcome. */
export function flyFrom(idOf: () => string) {
  return (element: HTMLElement): void => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const tile = document.querySelector(`.tile [data-id="${idOf()}"]`)?.getBoundingClientRect();
    if (!tile || tile.bottom < 0 || tile.top > innerHeight) return;
    // The stage learns its size first.
    requestAnimationFrame(() => {
      const to = element.getBoundingClientRect();
      if (to.width === 0 || to.height === 0) return;
      const x = tile.left + tile.width / 2 - (to.left + to.width / 2);
      const y = tile.top + tile.height / 2 - (to.top + to.height / 2);
      const scale = Math.max(tile.width / to.width, tile.height / to.height);
      element.animate([{ transform: `translate(${x}px, ${y}px) scale(${scale})` }, { transform: 'none' }], {
        duration: DURATION,
        easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)'
      });
    });
  };
}
