import type { Api, User } from '$lib/api';
import { ApiError } from '$lib/api';
import { forgetOffline } from '$lib/offline/offline';

export type SessionStatus = 'unknown' | 'setup' | 'signed-out' | 'signed-in' | 'unreachable';

/** Who is using the app. The session itself is in cookies that no script can read; tabs tell each other when it ends. */
export class Session {
  status = $state<SessionStatus>('unknown');
  user = $state.raw<User | null>(null);
  /** The session ended by itself: sign-in explains it. */
  hasExpired = $state(false);
  #api: Api;
  #tabs = new BroadcastChannel('media-vault-session');

  constructor(api: Api) {
    this.#api = api;
    this.#tabs.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === 'signed-out') this.#left();
      if (data === 'signed-in' && this.status !== 'signed-in') void this.load();
    };
  }

  /** Finds out where the person stands; never throws. Nothing is asked that would only be refused. */
  async load(): Promise<void> {
    try {
      const known = this.status === 'unknown' ? hint.read() : 'yes';
      if (known !== 'yes') {
        const { needed } = await this.#api.setup.needed();
        if (needed || known === 'no' || (await this.#api.auth.state()).state === 'signed_out') {
          this.status = needed ? 'setup' : 'signed-out';
          return;
        }
      }
      this.user = await this.#api.me.get();
      this.status = 'signed-in';
      hint.write('yes');
      this.hasExpired = false;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) await this.#refused();
      else if (this.status !== 'signed-in') this.status = 'unreachable';
    }
  }

  async #refused(): Promise<void> {
    try {
      const { needed } = await this.#api.setup.needed();
      this.status = needed ? 'setup' : 'signed-out';
    } catch {
      this.status = 'unreachable';
    }
  }

  async setUp(person: { name: string; email: string; password: string }): Promise<void> {
    await this.#api.setup.run(person);
    await this.signIn(person);
  }

  async signIn({ email, password }: { email: string; password: string }): Promise<void> {
    await this.#api.auth.login({ email, password });
    this.user = await this.#api.me.get();
    this.hasExpired = false;
    this.status = 'signed-in';
    hint.write('yes');
    this.#tabs.postMessage('signed-in');
  }

  async signOut(): Promise<void> {
    await this.#api.auth.logout();
    this.#left();
    this.#tabs.postMessage('signed-out');
  }

  async refreshUser(): Promise<void> {
    if (this.status === 'signed-in') this.user = await this.#api.me.get();
  }

  /** The server refused to renew the session. */
  expired(): void {
    if (this.status !== 'signed-in') return;
    this.hasExpired = true;
    this.status = 'signed-out';
  }

  #left(): void {
    this.user = null;
    void forgetOffline();
    hint.write('no');
    this.hasExpired = false;
    this.status = 'signed-out';
  }
}

/** Whether somebody signed in from this browser; says nothing of who, and opens nothing. */
const hint = {
  read(): 'yes' | 'no' | null {
    try {
      const known = localStorage.getItem('has-session');
      return known === 'yes' || known === 'no' ? known : null;
    } catch {
      return null;
    }
  },
  write(is: 'yes' | 'no'): void {
    try {
      localStorage.setItem('has-session', is);
    } catch {
      // Without storage the server is asked each time.
    }
  }
};
