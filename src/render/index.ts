// Door of render: one source of an application → its manifests.
export { detectTool, KUSTOMIZATION_FILES } from './detect.ts';
export { compileGlob, type Glob } from './glob.ts';
export { createRenderer, type RendererDeps } from './render.ts';
export type { ChartDependency, Renderer, RenderRequest } from './request.ts';
