import { createHash } from 'node:crypto'
import type { Vault } from './vault.ts'

/** An item as the interface describes it; only what the tests look at. */
export interface StoredItem {
  id: string
  state: 'processing' | 'ready' | 'failed'
  failure: { code: string; detail: string } | null
  file_name: string
  sha256: string
  size: number
  taken_at: string
  width: number | null
  height: number | null
  version: number
}

/** The library as another client sees it, apart from the browser. */
export class Library {
  constructor(
    readonly vault: Vault,
    readonly token: string,
  ) {}

  static async of(vault: Vault): Promise<Library> {
    return new Library(vault, await vault.token())
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.#ask(path)
    return (await answer.json()) as T
  }

  async items(state?: StoredItem['state']): Promise<StoredItem[]> {
    const all: StoredItem[] = []
    let cursor = ''
    do {
      const page = await this.get<{ items: StoredItem[]; next_cursor: string | null }>(
        `/api/v1/media?limit=1000${state ? `&state=${state}` : ''}${cursor && `&cursor=${cursor}`}`,
      )
      all.push(...page.items)
      cursor = page.next_cursor ?? ''
    } while (cursor)
    return all
  }

  /** Ids from newest to oldest, through the interface that the timeline itself reads. */
  async order(): Promise<string[]> {
    const { buckets } = await this.get<{ buckets: { month: string }[] }>('/api/v1/timeline')
    const months = await Promise.all(
      buckets.map(({ month }) => this.get<{ items: { id: string[] } }>(`/api/v1/timeline/${month}`)),
    )
    return months.flatMap(({ items }) => items.id)
  }

  /** Bytes that have arrived of a file that is under way; null when none of this name is. */
  async arrived(fileName: string): Promise<number | null> {
    const { items } = await this.get<{ items: { file_name: string; offset: number; media_id: string | null }[] }>('/api/v1/uploads')
    return items.find((one) => one.file_name === fileName && one.media_id === null)?.offset ?? null
  }

  /** Hash of the original as it is given back. */
  async hashOf(id: string): Promise<string> {
    const answer = await this.#ask(`/api/v1/media/${id}/content`)
    const hash = createHash('sha256')
    for await (const piece of answer.body ?? []) hash.update(piece as Uint8Array)
    return hash.digest('hex')
  }

  async #ask(path: string): Promise<Response> {
    const answer = await fetch(this.vault.url + path, { headers: { authorization: `Bearer ${this.token}` } })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return answer
  }
}
