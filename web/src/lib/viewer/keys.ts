export interface ViewerActions {
  step(by: 1 | -1): void;
  favorite(): void;
  details(): void;
  trash(): void;
  archive(): void;
  download(): void;
  slideshow(): void;
}

/** Is the person typing, or using a control that has keys of its own? */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('[role="menu"], [data-own-keys]') !== null;
}

/** Keys of the viewer, as the help sheet names them. */
export function viewerKeys(actions: ViewerActions): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event)) return;
    const run = {
      ArrowRight: () => actions.step(1),
      ArrowLeft: () => actions.step(-1),
      f: () => actions.favorite(),
      i: () => actions.details(),
      s: () => actions.slideshow(),
      Delete: () => actions.trash(),
      A: () => actions.archive(),
      D: () => actions.download()
    }[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };
}
