import { dev } from '$app/environment';
import { error } from '@sveltejs/kit';

/** A page for those who build the app: in a release there is nothing here. */
export const load = () => {
  if (!dev) error(404, 'Not found');
};
