import type { Api, SessionInfo } from '$lib/api';

/** Where a person is signed in. */
export class SessionList {
  status = $state<'loading' | 'ready' | 'error'>('loading');
  error = $state.raw<unknown>(null);
  items = $state.raw<readonly SessionInfo[]>([]);
  hasOthers = $derived(this.items.some(({ current }) => !current));
  #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  load = async (): Promise<void> => {
    this.status = 'loading';
    try {
      this.items = (await this.#api.me.sessions()).items;
      this.status = 'ready';
    } catch (error) {
      this.error = error;
      this.status = 'error';
    }
  };

  async end(id: string): Promise<void> {
    await this.#api.me.endSession(id);
    this.items = this.items.filter((session) => session.id !== id);
  }

  async endOthers(): Promise<void> {
    await this.#api.me.endOtherSessions();
    this.items = this.items.filter(({ current }) => current);
  }
}

/** "Firefox", "Linux" out of what a browser says of itself; null where it is none that we know. */
export function deviceOf(userAgent: string): { browser: string; system: string } | null {
  const browser = /Edg\//.test(userAgent)
    ? 'Edge'
    : /Firefox\//.test(userAgent)
      ? 'Firefox'
      : /Chrom(e|ium)\//.test(userAgent)
        ? 'Chrome'
        : /Safari\//.test(userAgent)
          ? 'Safari'
          : null;
  const system = /Android/.test(userAgent)
    ? 'Android'
    : /iPhone/.test(userAgent)
      ? 'iPhone'
      : /iPad/.test(userAgent)
        ? 'iPad'
        : /Mac OS X/.test(userAgent)
          ? 'Mac'
          : /Windows/.test(userAgent)
            ? 'Windows'
            : /Linux/.test(userAgent)
              ? 'Linux'
              : null;
  return browser && system ? { browser, system } : null;
}
