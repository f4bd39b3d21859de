// A NestJS server that gets one request. Decorators are called as functions, because Node does not support the syntax.
import 'reflect-metadata';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import OpenAI from 'openai';
import { MODEL, QUESTION } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

class Tutor {
  client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });

  async answer() {
    const messages = [{ role: 'user', content: QUESTION }];
    const { choices } = await this.client.chat.completions.create({ model: MODEL, messages });
    return choices[0].message.content;
  }
}
Injectable()(Tutor);

class TutorController {
  constructor(tutor) {
    this.tutor = tutor;
  }

  ask() {
    return this.tutor.answer();
  }
}
const { prototype } = TutorController;
Get('/question')(prototype, 'ask', Object.getOwnPropertyDescriptor(prototype, 'ask'));
Reflect.defineMetadata('design:paramtypes', [Tutor], TutorController);
Controller()(TutorController);

class Tutoring {}
Module({ controllers: [TutorController], providers: [Tutor] })(Tutoring);

const server = await NestFactory.create(Tutoring, { logger: false });
await server.listen(0, '127.0.0.1');
const answer = await fetch(`${await server.getUrl()}/question`);
writeResult([answer.status, await answer.text()]);
await server.close();
