/// <reference types="@sveltejs/kit" />
declare global {
  namespace App {
    interface PageState {
      /** The viewer was opened from the page behind it: going back closes it. */
      openedHere?: boolean;
    }
    interface Error {
      message: string;
    }
  }
}

export {};
