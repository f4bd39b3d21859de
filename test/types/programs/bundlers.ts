// Compiled, never run: each plugin is one for its bundler.
import { rspack as runRspack } from '@rspack/core';
import { build as runEsbuild } from 'esbuild';
import {
  esbuild,
  rolldown,
  rollup,
  rspack,
  vite,
  webpack,
} from 'opentelemetry-instrumentation-openai/bundler';
import { rolldown as runRolldown } from 'rolldown';
import { rollup as runRollup } from 'rollup';
import { defineConfig } from 'vite';
import runWebpack from 'webpack';

export const builds = [
  () => runEsbuild({ plugins: [esbuild()] }),
  () => runRolldown({ plugins: [rolldown()] }),
  () => runRollup({ plugins: [rollup()] }),
  () => runRspack({ plugins: [rspack()] }),
  () => defineConfig({ plugins: [vite()] }),
  () => runWebpack({ plugins: [webpack()] }),
];
