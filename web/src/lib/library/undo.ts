import type { Api, ManyChange, Media } from '$lib/api';

/** How many items are asked for at the same time. */
const TOGETHER = 6;

/** The way back from a change of many items: a shift is shifted back, anything else was read before it is overwritten. */
export async function undoOf(api: Api, ids: readonly string[], change: ManyChange): Promise<() => Promise<void>> {
  const { taken_at, ...words } = change;
  if (typeof taken_at === 'object' && taken_at !== null && Object.keys(words).length === 0) {
    const back = { taken_at: { shift_seconds: -taken_at.shift_seconds } };
    return async () => void (await api.media.edit(ids, back));
  }
  const before: Media[] = [];
  await each(ids, async (id) => void before.push(await api.media.get(id)));
  return () =>
    each(before, async (media) => {
      await api.media.change(media.id, {
        ...(taken_at === undefined ? {} : { taken_at: media.taken_at }),
        ...(change.latitude === undefined ? {} : { latitude: media.latitude, longitude: media.longitude }),
        ...(change.title === undefined ? {} : { title: media.title }),
        ...(change.description === undefined ? {} : { description: media.description })
      });
    });
}

async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
}
