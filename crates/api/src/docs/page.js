'use strict';
// Shows the OpenAPI document. Everything is put in as text, never as HTML.

const make = (tag, text, ...children) => {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  element.append(...children);
  return element;
};

/** A schema as a short example of its shape. */
function shape(schema, api, depth = 0) {
  if (!schema || depth > 6) return '…';
  if (schema.$ref) return shape(schema.$ref.split('/').slice(1).reduce((at, key) => at[key], api), api, depth + 1);
  const options = schema.oneOf ?? schema.anyOf;
  if (options) {
    const real = options.filter((option) => option.type !== 'null');
    return real.length === 1 ? shape(real[0], api, depth) : real.map((option) => shape(option, api, depth));
  }
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => shape(part, api, depth)));
  if (schema.enum) return schema.enum.join(' | ');
  const type = Array.isArray(schema.type) ? schema.type.filter((name) => name !== 'null')[0] : schema.type;
  if (type === 'object' && schema.properties) {
    return Object.fromEntries(Object.entries(schema.properties).map(([name, part]) => [name, shape(part, api, depth + 1)]));
  }
  if (type === 'array') return [shape(schema.items, api, depth + 1)];
  return schema.format ?? type ?? 'any';
}

function contents(content, api) {
  return Object.entries(content ?? {}).map(([type, { schema }]) => {
    const block = make('div', undefined, make('code', type));
    if (schema && /json|form/.test(type)) block.append(make('pre', JSON.stringify(shape(schema, api), null, 2)));
    return block;
  });
}

function table(rows) {
  return make('table', undefined, ...rows.map((cells) => make('tr', undefined, ...cells.map((cell) => make('td', undefined, cell)))));
}

function operation(path, method, said, api) {
  const summary = make('summary', undefined, make('b', method.toUpperCase()), make('code', path), make('span', said.summary ?? ''));
  const body = make('div');
  body.className = 'body';
  if (said.description) body.append(make('p', said.description));
  if (said.parameters?.length) {
    body.append(
      make('h3', 'Parameters'),
      table(said.parameters.map((p) => [make('code', p.name), `${p.in}${p.required ? ', required' : ''}`, p.description ?? '']))
    );
  }
  if (said.requestBody) body.append(make('h3', 'Body'), ...contents(said.requestBody.content, api));
  body.append(
    make('h3', 'Answers'),
    table(
      Object.entries(said.responses).map(([status, answer]) => {
        const cell = make('div', answer.description ?? '');
        if (status < 400) cell.append(...contents(answer.content, api));
        return [make('code', status), cell];
      })
    )
  );
  const details = make('details', undefined, summary, body);
  details.dataset.words = `${method} ${path} ${said.summary ?? ''} ${said.description ?? ''}`.toLowerCase();
  return details;
}

async function show() {
  const main = document.getElementById('operations');
  const api = await (await fetch('/api/v1/openapi.json')).json();
  document.getElementById('introduction').textContent = api.info.description ?? '';
  const sections = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, said] of Object.entries(item)) {
      const tag = said.tags?.[0] ?? 'other';
      if (!sections.has(tag)) sections.set(tag, make('section', undefined, make('h2', tag)));
      sections.get(tag).append(operation(path, method, said, api));
    }
  }
  main.replaceChildren(...sections.values());
  document.getElementById('find').addEventListener('input', ({ target }) => {
    const wanted = target.value.toLowerCase();
    for (const section of sections.values()) {
      const all = [...section.querySelectorAll('details')];
      for (const details of all) details.hidden = !details.dataset.words.includes(wanted);
      section.hidden = all.every((details) => details.hidden);
    }
  });
}

show().catch(() => {
  document.getElementById('operations').replaceChildren(make('p', 'The document could not be loaded. Reload the page.'));
});
