// Not there yet: said as a mistake of the set, so that no application is taken away for it.
import type { z } from 'zod';
import type { PullRequestGenerator } from '../../../model/index.ts';
import { ApplicationSetError } from '../errors.ts';
import type { Generate } from './generator.ts';

export const generateFromPullRequests: Generate<z.infer<typeof PullRequestGenerator>> = () =>
  Promise.reject(
    new ApplicationSetError('SET_INVALID', 'on-change', 'Generator pullRequest is not served yet'),
  );
