import type { Api, Media, SearchQuery, TimelineColumns } from '$lib/api';
import { concat, emptyColumns } from '$lib/timeline/columns';
import type { Source } from '$lib/timeline/source';

const PAGE = 200;
/** Who finds more than this types another word. */
export const MOST = 2000;

/** What a search found, by months like every other list. */
export class SearchSource implements Source {
  isCut = false;
  #api: Api;
  #query: SearchQuery;
  #months = new Map<string, TimelineColumns>();

  constructor(api: Api, query: SearchQuery) {
    this.#api = api;
    this.#query = query;
  }

  async summary() {
    const found: Media[] = [];
    let cursor: string | null = null;
    do {
      const page = await this.#api.search({ ...this.#query, limit: PAGE, ...(cursor === null ? {} : { cursor }) });
      found.push(...page.items);
      cursor = page.next_cursor ?? null;
    } while (cursor !== null && found.length < MOST);
    this.isCut = cursor !== null;
    this.#months = byMonth(found);
    return { buckets: [...this.#months].map(([month, { id }]) => ({ month, count: id.length })) };
  }

  month(month: string) {
    return Promise.resolve({ items: this.#months.get(month) ?? emptyColumns(), next_cursor: null });
  }
}

function byMonth(found: readonly Media[]): Map<string, TimelineColumns> {
  const months = new Map<string, TimelineColumns>();
  // By the clock where each was taken, as the timeline sorts.
  const sorted = [...found].sort((a, b) => (a.taken_at.slice(0, 19) < b.taken_at.slice(0, 19) ? 1 : -1));
  for (const media of sorted) {
    const month = media.taken_at.slice(0, 7);
    months.set(month, concat(months.get(month) ?? emptyColumns(), columnsOf(media)));
  }
  return months;
}

function columnsOf(media: Media): TimelineColumns {
  return {
    id: [media.id],
    taken_at: [media.taken_at],
    kind: [media.kind],
    ratio: [media.width && media.height ? media.width / media.height : 1],
    thumbhash: [media.thumbhash ?? null],
    duration_ms: [media.duration_ms ?? null],
    favorite: [media.favorite],
    state: [media.state],
    version: [media.version]
  };
}
