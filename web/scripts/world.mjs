/**
 * Draws static/world.svg, the map of the details panel: `npm run world`. Land and borders of Natural Earth (public domain,
 * 1:110 million) from the package world-atlas, in plate carrée: a tenth of a degree is one unit, 180° W and 90° N the origin.
 * The app uses it as a mask, so it has opacities instead of colours: land is fainter than borders.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { feature, mesh } from 'topojson-client'

const world = JSON.parse(readFileSync(new URL('../node_modules/world-atlas/countries-110m.json', import.meta.url), 'utf8'))
const at = ([longitude, latitude]) => [Math.round((longitude + 180) * 10), Math.round((90 - latitude) * 10)]

/** A line as a path of relative steps, which are the shortest to write. */
function path(line) {
  let [x, y] = at(line[0])
  let text = `M${x} ${y}`
  for (const point of line.slice(1)) {
    const [nextX, nextY] = at(point)
    if (nextX !== x || nextY !== y) text += `l${nextX - x} ${nextY - y}`
    ;[x, y] = [nextX, nextY]
  }
  return text
}

const land = feature(world, world.objects.land).features.flatMap(({ geometry }) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates))
const shapes = land.map((rings) => rings.map((ring) => `${path(ring)}z`).join('')).join('')
const borders = mesh(world, world.objects.countries, (a, b) => a !== b).coordinates.map(path).join('')
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3600 1800" preserveAspectRatio="none"><path fill-opacity=".5" d="${shapes}"/><path fill="none" stroke="#000" stroke-width="1.5" vector-effect="non-scaling-stroke" d="${borders}"/></svg>\n`
writeFileSync(new URL('../static/world.svg', import.meta.url), svg)
console.log(`static/world.svg: ${svg.length} bytes`)
