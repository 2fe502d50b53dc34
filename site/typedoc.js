import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Converter, ReflectionKind } from 'typedoc';

const ROOT = path.resolve(import.meta.dirname, '..');
const { name, exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** What a program imports, by the file with its types. */
const MODULES = new Map(
  Object.entries(exports)
    .filter(([, { types }]) => types)
    .map(([subpath, { types }]) => [path.join(ROOT, types), path.posix.join(name, subpath)]),
);

/** The reference: every type that the package exports, as pages of Markdown. */
export default {
  entryPoints: [...MODULES.keys()],
  tsconfig: path.join(import.meta.dirname, 'tsconfig.json'),
  out: path.join(import.meta.dirname, 'api'),
  docsRoot: import.meta.dirname,
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme', nameModules],
  name: 'API reference',
  readme: 'none',
  disableSources: true,
  treatWarningsAsErrors: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideSources: true },
};

/** Modules have the names that programs import. @param {import('typedoc').Application} app */
function nameModules(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const symbol = context.getSymbolFromReflection(reflection);
    const file = symbol?.declarations?.[0]?.getSourceFile().fileName;
    reflection.name = MODULES.get(path.normalize(file ?? '')) ?? reflection.name;
  });
}
