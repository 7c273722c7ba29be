import { createContext } from 'svelte';
import { authorisedFetch, type SessionListener } from '$lib/api/authorised-fetch';
import { createApi, type Api } from '$lib/api';
import { Format } from '$lib/i18n/format.svelte';
import { I18n, preferredLocale } from '$lib/i18n/i18n.svelte';
import { startOffline, takeShared } from '$lib/offline/offline';
import { UploadQueue } from '$lib/upload/queue.svelte';
import { Connection } from './connection.svelte';
import { describe } from './describe-error';
import { Install } from './install.svelte';
import { Line } from './line';
import { Live } from './live.svelte';
import { Preferences } from './preferences.svelte';
import { Session } from './session.svelte';
import { Toasts } from './toasts.svelte';

/** Everything that lives as long as the page. Made once by the root layout and handed down by context. */
export class MediaVault implements SessionListener {
  readonly preferences = new Preferences();
  readonly i18n = new I18n();
  readonly format = new Format(this.i18n);
  readonly toasts = new Toasts();
  readonly connection = new Connection();
  readonly install = new Install();
  readonly api: Api = createApi(authorisedFetch(this));
  readonly session = new Session(this.api);
  readonly live = new Live(() => this.session.load());
  /** What is done to photos reaches the server in this order. */
  readonly changes = new Line();
  readonly uploads = new UploadQueue(this.api, this.connection);
  /** Is the photo viewer open? Page-wide shortcuts stand back then. */
  isViewing = $state(false);
  isHelpOpen = $state(false);
  isGoToOpen = $state(false);
  /** The first account was made just now: the first steps are shown over the empty timeline. */
  isWelcoming = $state(false);

  readonly t = this.i18n.t;

  async start(): Promise<void> {
    this.connection.watch();
    this.connection.onReturn(() => this.live.hurry());
    this.install.watch();
    await Promise.all([this.i18n.use(preferredLocale(this.preferences.locale)), this.session.load()]);
  }

  /** Somebody is signed in and the frame is drawn. */
  async settle(): Promise<void> {
    this.live.open();
    this.uploads.signedIn();
    await startOffline();
    this.uploads.add(await takeShared());
  }

  expired(): void {
    this.session.expired();
  }

  reachable(is: boolean): void {
    this.connection.reached(is);
  }

  /** Shows what went wrong in the person's words. */
  report(error: unknown): void {
    const { title, detail } = describe(error, this.i18n);
    this.toasts.show(title, detail ? { tone: 'error', detail } : { tone: 'error' });
  }
}

export const [getApp, setApp] = createContext<MediaVault>();
