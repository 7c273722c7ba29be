import { describe, expect, it } from 'vitest';
import { parsePlace, placeText } from './place';

describe('coordinates', () => {
  it.each([
    ['52.2297, 21.0122', 52.2297, 21.0122],
    ['  -33.8568 151.2153 ', -33.8568, 151.2153],
    ['−33.8568; 151.2153', -33.8568, 151.2153],
    ['52.23° N 21.01° E', 52.23, 21.01],
    ['33.86 s, 70.6w', -33.86, -70.6],
    ['geo:52.2297,21.0122?z=15', 52.2297, 21.0122],
    ['https://www.openstreetmap.org/#map=15/52.2297/21.0122', 52.2297, 21.0122],
    ['https://www.openstreetmap.org/?mlat=52.1&mlon=21.2#map=5/1/2', 52.1, 21.2],
    ['https://www.google.com/maps/@52.2297,21.0122,15z', 52.2297, 21.0122],
    ['https://www.google.com/maps/place/X/@1,2,15z/data=!3d52.2297!4d21.0122', 52.2297, 21.0122],
    ['https://maps.apple.com/?ll=52.2297,21.0122', 52.2297, 21.0122],
    ['0, 0', 0, 0]
  ])('are read from %s', (text, latitude, longitude) => {
    expect(parsePlace(text)).toEqual({ latitude, longitude });
  });

  it.each(['', 'Warsaw', '52.2', '91, 0', '0, 181', '1, 2, 3', '52,2297 21,0122'])('are not found in "%s"', (text) => {
    expect(parsePlace(text)).toBeNull();
  });

  it('come back from their own text', () => {
    expect(parsePlace(placeText({ latitude: -0.5, longitude: 179.99999 }))).toEqual({ latitude: -0.5, longitude: 179.99999 });
  });
});
