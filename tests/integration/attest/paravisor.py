"""Does to a software TPM what Azure's paravisor does: its report is renewed when it is read from its
beginning, at most every `period` seconds, with what the guest's NV index holds then."""

import time

from tpm_between import Between
from tpm_words import NV_READ, NV_WRITE, code_of, index_of, nv_read, wanted_of, written_by

REPORT_INDEX, USER_DATA_INDEX = 0x01400001, 0x01400002


class Paravisor:
    """`make_report(user_data)`: the content of the report's index, user_data being 64 bytes.
    `withholds`: the report stays as it was. `renewals`: the user data of each renewal."""

    def __init__(self, tpm_port, make_report, period=2.0, withholds=False):
        self.make_report = make_report
        self.period = period
        self.withholds = withholds
        self.user_data = bytes(64)
        self.report = make_report(self.user_data)
        self.renewed = time.monotonic()
        self.renewals = []
        self.between = Between(tpm_port, answer=self._answer, hear=self._hear)
        self.tcti = self.between.tcti

    def _hear(self, command, answer):
        if (code_of(command) == NV_WRITE and code_of(answer) == 0
                and index_of(command) == USER_DATA_INDEX):
            self.user_data = written_by(command)

    def _answer(self, command):
        if code_of(command) != NV_READ or index_of(command) != REPORT_INDEX:
            return None
        size, offset = wanted_of(command)
        late_enough = time.monotonic() - self.renewed >= self.period
        if offset == 0 and late_enough and not self.withholds:
            self.report = self.make_report(self.user_data)
            self.renewed = time.monotonic()
            self.renewals.append(self.user_data)
        return nv_read(self.report[offset:offset + size])

    def stop(self):
        self.between.stop()
