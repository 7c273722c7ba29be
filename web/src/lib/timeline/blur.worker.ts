import { thumbHashToDataURL } from 'thumbhash';

export type BlurRequest = string;
export interface BlurAnswer {
  readonly thumbhash: string;
  readonly url: string;
}

const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = ({ data }: MessageEvent<BlurRequest>) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const answer: BlurAnswer = { thumbhash: data, url: thumbHashToDataURL(bytes) };
  scope.postMessage(answer);
};
