import type { Api, TimelinePage, TimelineSummary, View } from '$lib/api';

/** Where a timeline gets its months from. */
export interface Source {
  summary(): Promise<Pick<TimelineSummary, 'buckets'>>;
  month(month: string, cursor?: string, limit?: number): Promise<Pick<TimelinePage, 'items' | 'next_cursor'>>;
}

/** A list that the server keeps: the timeline, favourites, the archive, the trash. */
export const listSource = (api: Api, view: View): Source => ({
  summary: () => api.timeline.summary(view),
  month: (month, cursor, limit) => api.timeline.month(view, month, cursor, limit)
});
