// What registries send when somebody pushed an image, a chart or another artifact. Pure: payloads in, names out.
import { distinct, list, type Payload, record, text } from './webhook-values.ts';

/** Something new in a registry. */
export interface ArtifactPush {
  /** `ghcr.io/owner/name`, without scheme, tag and digest. */
  readonly repositories: readonly string[];
  /** Tags that were pushed, when the registry says. */
  readonly tags: readonly string[];
}

export function readDockerHub(payload: Payload): ArtifactPush {
  const name = text(record(payload['repository'])['repo_name']);
  return {
    repositories: distinct([name === '' ? '' : `docker.io/${name}`]),
    tags: distinct([text(record(payload['push_data'])['tag'])]),
  };
}

export function readQuay(payload: Payload): ArtifactPush {
  return {
    repositories: distinct([text(payload['docker_url'])]),
    tags: distinct(list(payload['updated_tags']).map(text)),
  };
}

export function readHarbor(payload: Payload): ArtifactPush {
  const resources = list(record(payload['event_data'])['resources']).map(record);
  return {
    repositories: distinct(resources.map((resource) => withoutVersion(text(resource['resource_url'])))),
    tags: distinct(resources.map((resource) => text(resource['tag']))),
  };
}

/** GitHub's events `package` and `registry_package`, of which only containers matter here. */
export function readGitHubPackage(payload: Payload): ArtifactPush {
  const pushed = record(payload['package'] ?? payload['registry_package']);
  const version = record(pushed['package_version']);
  const isContainer = text(pushed['package_type']).toLowerCase() === 'container';
  const owner = text(record(pushed['owner'])['login']) || text(pushed['namespace']);
  const name = text(pushed['name']);
  const named = isContainer && owner !== '' && name !== '' ? `ghcr.io/${owner}/${name}`.toLowerCase() : '';
  const tag = record(record(version['container_metadata'])['tag']);
  return {
    repositories: distinct([named, isContainer ? withoutVersion(text(version['package_url'])) : '']),
    tags: distinct([text(tag['name'])]),
  };
}

/** `{artifact: "ghcr.io/owner/name:tag"}`. */
export function readGenericArtifact(payload: Payload): ArtifactPush {
  const artifact = text(payload['artifact']);
  const tag = /:([\w][\w.-]{0,127})$/.exec(artifact)?.[1] ?? '';
  return { repositories: distinct([withoutVersion(artifact)]), tags: distinct([tag]) };
}

function withoutVersion(reference: string): string {
  const name = reference.replace(/^(?:oci|https?):\/\//, '').split('@', 1)[0] ?? '';
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  return (colon < 0 ? name : name.slice(0, colon)).replace(/\/+$/, '');
}
