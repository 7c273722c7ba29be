/** Degrees north and east. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

const NUMBER = String.raw`[-+−]?\d{1,3}(?:\.\d+)?`;
/** What maps and phones give: the pin of an address first, for its `@` is only the middle of the screen. */
const ADDRESSES = [
  new RegExp(`!3d(${NUMBER})!4d(${NUMBER})`),
  new RegExp(`[?&](?:q|ll|mlat|query|daddr)=(?:loc:)?(${NUMBER})(?:,|%2C|&mlon=)\\s*(${NUMBER})`, 'i'),
  new RegExp(`^geo:(${NUMBER}),(${NUMBER})`, 'i'),
  new RegExp(`#map=[\\d.]+/(${NUMBER})/(${NUMBER})`),
  new RegExp(`@(${NUMBER}),(${NUMBER})`)
];
const PAIR = new RegExp(`^(${NUMBER})°?\\s*([NS])?\\s*[,;\\s]\\s*(${NUMBER})°?\\s*([EW])?$`, 'i');

/** Reads coordinates as people have them: "52.2297, 21.0122", "52.23° N 21.01° E", `geo:`, or the address of a map. Null: it is none. */
export function parsePlace(text: string): Place | null {
  const trimmed = text.trim();
  const pair = PAIR.exec(trimmed);
  if (pair) {
    const [, north, ns, east, ew] = pair;
    return within(numberOf(north) * (ns?.toUpperCase() === 'S' ? -1 : 1), numberOf(east) * (ew?.toUpperCase() === 'W' ? -1 : 1));
  }
  for (const address of ADDRESSES) {
    const found = address.exec(trimmed);
    if (found) return within(numberOf(found[1]), numberOf(found[2]));
  }
  return null;
}

const numberOf = (text = ''): number => Number(text.replace('−', '-'));

function within(latitude: number, longitude: number): Place | null {
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

const shortest = (degrees: number): string => String(Number(degrees.toFixed(5)));

/** Five decimals are about a metre. */
export const placeText = ({ latitude, longitude }: Place): string => `${shortest(latitude)}, ${shortest(longitude)}`;
