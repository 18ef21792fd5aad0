"""Several iterators as one, each of them run by a thread of its own."""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from queue import Empty, Full, Queue

import pyarrow as pa

_POLL_SECONDS = 0.1
Batches = Generator[pa.RecordBatch, None, None]


def merged(readers: Sequence[Batches], cancel: Callable[[], None]) -> Iterator[pa.RecordBatch]:
    """Yield the batches of all readers in the order in which they come; few of them wait at any time.

    The first error of a reader ends all of them. When it returns, no thread is left.

    Args:
        cancel: makes readers that wait for the server fail; called if they are not wanted any more.
    """
    queue: Queue[pa.RecordBatch | BaseException | None] = Queue(len(readers))
    is_over = threading.Event()

    def put(item: pa.RecordBatch | BaseException | None) -> None:
        while not is_over.is_set():
            try:
                queue.put(item, timeout=_POLL_SECONDS)
                return
            except Full:
                continue

    def run(reader: Batches) -> None:
        try:
            for batch in reader:
                put(batch)
                if is_over.is_set():
                    break
            put(None)
        except BaseException as error:
            put(error)
        finally:
            reader.close()

    threads = [threading.Thread(target=run, args=(reader,), daemon=True) for reader in readers]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            item = queue.get()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                running -= 1
            else:
                yield item
    finally:
        is_over.set()
        if any(thread.is_alive() for thread in threads):
            _drop(queue)
            cancel()
        for thread in threads:
            thread.join()


def _drop(queue: Queue[pa.RecordBatch | BaseException | None]) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        return
