// Door of render: one source of an application → its manifests.
export { createRenderer, type RendererDeps } from './render.ts';
export type { ChartDependency, Renderer, RenderRequest } from './request.ts';
