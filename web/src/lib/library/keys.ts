import type { MediaVault } from '$lib/state/app.svelte';
import { isTyping } from '$lib/viewer/keys';
import type { Library } from './library.svelte';

interface Doors {
  open(id: string): void;
  confirmDelete(): void;
  download(): void;
  edit(): void;
}

/** Keys of a timeline, as the help sheet names them. */
export function libraryKeys(library: Library, app: MediaVault, doors: Doors): (event: KeyboardEvent) => void {
  const focus = async (direction: 'left' | 'right' | 'up' | 'down', isExtending: boolean): Promise<void> => {
    const place = await library.move(direction);
    if (!place) return;
    if (isExtending) await library.selection.extendTo(place);
    library.focusCursor();
  };
  const act = (action: Parameters<Library['act']>[0]) => void library.act(action, library.targets());

  const selectAll = async (): Promise<void> => {
    if (!(await library.selection.all())) app.toasts.show(app.t('selection.tooMany'));
  };

  return (event) => {
    if (event.defaultPrevented || app.isViewing || event.altKey || isTyping(event)) return;
    if (document.querySelector('[role="dialog"]')) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== 'a') return;
      event.preventDefault();
      selectAll().catch((error: unknown) => app.report(error));
      return;
    }
    const { view, selection } = library;
    const run = {
      ArrowLeft: () => void focus('left', event.shiftKey),
      ArrowRight: () => void focus('right', event.shiftKey),
      ArrowUp: () => void focus('up', event.shiftKey),
      ArrowDown: () => void focus('down', event.shiftKey),
      // Without a focused photo, such as after an undo: the one that the keyboard stands on.
      Enter: event.target === document.body && library.cursor ? () => doors.open(library.cursor?.id ?? '') : undefined,
      Escape: () => selection.clear(),
      x: () => toggle(library),
      f: () => act(view === 'favorites' ? 'unfavorite' : 'favorite'),
      A: () => act(view === 'archive' ? 'unarchive' : 'archive'),
      D: () => doors.download(),
      e: () => (view === 'trash' || library.targets().length === 0 ? undefined : doors.edit()),
      g: () => (app.isGoToOpen = true),
      Delete: () => (view === 'trash' ? doors.confirmDelete() : act('trash'))
    }[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };
}

function toggle(library: Library): void {
  const place = library.cursor ? library.timeline.find(library.cursor.id) : null;
  if (place) library.selection.toggle(place);
}
