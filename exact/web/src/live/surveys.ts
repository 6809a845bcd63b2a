/** What a wish about a whole image set would mean: counted by the server, and split into a command for each image. */

import { annotationsOf, imagesOf, progressOf, removedIn, type TypeProgress } from "../api/selections";
import { type Choice, type Kind, MATCHING_MAX, type SelectionWish, type Survey, surveyOf, whereOf } from "../model/selections";

/** `seen` is a position that the counts must hold, 0 for any. */
export async function surveySet(set: number, choice: Choice, types: readonly Kind[], person: string, seen = 0): Promise<Survey> {
  const number = types.find(({ id }) => id === choice.type)?.number ?? null;
  const [progress, images] = await Promise.all([progressOf(set, seen), imagesOf(set)]);
  const of = new Map(images.map(({ id, uuid, name }) => [id, { image_id: uuid, image: { number: id, name } }]));
  if (choice.act === "restore") return restoring(set, choice, number, progress.position, [...of.values()]);
  const wishes: SelectionWish[] = [];
  let [count, concerned] = [0, 0];
  for (const { image, types: kinds } of progress.images) {
    const meant = counted(kinds, number, choice);
    const place = of.get(image);
    if (meant === 0 || !place) continue;
    [count, concerned] = [count + meant, concerned + 1];
    wishes.push(...(meant <= MATCHING_MAX ? [{ ...place, where: whereOf(choice) }] : await named(place, choice, person)));
  }
  return { count, images: concerned, position: progress.position, wishes };
}

function counted(kinds: readonly TypeProgress[], number: number | null, { status }: Choice): number {
  const meant = kinds.filter((kind) => number === null || kind.annotation_type === number);
  return meant.reduce((sum, kind) => sum + (status ? kind[status] : kind.count), 0);
}

/** Removed ones are counted for the set only, so every image is asked. */
async function restoring(
  set: number, choice: Choice, number: number | null, position: number, places: readonly Omit<SelectionWish, "where">[],
): Promise<Survey> {
  const count = await removedIn(set, number);
  return { count, images: places.length, position, wishes: count === 0 ? [] : places.map((place) => ({ ...place, where: whereOf(choice) })) };
}

/** More than one command takes: they are named, some thousands at a time. */
async function named(place: Omit<SelectionWish, "where">, choice: Choice, person: string): Promise<readonly SelectionWish[]> {
  const { annotations } = await annotationsOf(place.image.number);
  return surveyOf(annotations, choice, whereOf(choice), person, 0, place).wishes;
}
