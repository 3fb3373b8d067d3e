"""Stands between a program and a software TPM: passes on what they say, until its `meddle` or its
`answer` does something else."""

import selectors
import socket
import threading
import time

from software_tpm import free_port_pair


class Between:
    """`meddle(count)` is called before the count-th command (from 1) is passed on to the TPM; what
    it answers False to, and everything after it, never arrives. `answer(command)` may give the bytes
    to answer with in the TPM's place. `hear(command, answer)` is told what the TPM itself answered.
    `waited`: the seconds that the TPM took over its answers."""

    def __init__(self, tpm_port, meddle=lambda _: True, answer=lambda _: None,
                 hear=lambda command, answer: None):
        self.meddle = meddle
        self.answer = answer
        self.hear = hear
        self.commands = 0
        self.waited = 0.0
        self.stopped = threading.Event()
        port = free_port_pair()
        self.tcti = f"swtpm:host=127.0.0.1,port={port}"
        self.listeners = [socket.create_server(("127.0.0.1", port + i)) for i in (0, 1)]
        self.threads = [threading.Thread(target=self._accept, args=(listener, tpm_port + i, i == 0))
                        for i, listener in enumerate(self.listeners)]
        for thread in self.threads:
            thread.start()

    def _accept(self, listener, port, counted):
        listener.settimeout(0.1)
        while not self.stopped.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            with client, socket.create_connection(("127.0.0.1", port)) as tpm:
                self._pass_on(client, tpm, counted)

    def _pass_on(self, client, tpm, counted):
        selector = selectors.DefaultSelector()
        selector.register(client, selectors.EVENT_READ, tpm)
        selector.register(tpm, selectors.EVENT_READ, client)
        asked = command = None
        heard = b""
        while not self.stopped.is_set():
            for key, _ in selector.select(0.1):
                try:
                    content = key.fileobj.recv(65536)
                    if not content:
                        return
                    target = key.data
                    if counted and key.fileobj is client:
                        self.commands += 1
                        if not self.meddle(self.commands):
                            self.stopped.wait(60)
                            return
                        own = self.answer(content)
                        if own is not None:
                            content, target = own, client
                        else:
                            asked, command, heard = time.perf_counter(), content, b""
                    elif asked is not None:
                        heard += content  # an answer may come in pieces
                        if len(heard) == int.from_bytes(heard[2:6], "big"):
                            self.waited += time.perf_counter() - asked
                            asked = None
                            self.hear(command, heard)
                    target.sendall(content)
                except ConnectionError:
                    return

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        for listener in self.listeners:
            listener.close()
