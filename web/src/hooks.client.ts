import type { HandleClientError } from '@sveltejs/kit';

/** An address that does not exist is shown, not logged; everything else is for whoever opens the console. */
export const handleError: HandleClientError = ({ error, status, message }) => {
  if (status !== 404) console.error(error);
  return { message };
};
