"""The tests of the engine within the Windows Python: which of them do not apply there, and why.

A plugin of pytest. It leaves out what is listed, and nothing else; in a run of all of them, a name
that fits no test is an error. Paths are those below ``tests/engine``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[1] / "engine"

CANNOT_BE_IMPORTED = (
    "server",  # what it tests finds its files by folders that it holds open
    "cli/test_serving.py",
    "client/test_sasl_login.py",  # against that server
    "extents/test_other_platforms.py",  # of macOS, by fcntl
)

NOT_THERE: dict[str, tuple[str, ...]] = {
    "a signal of another process ends a program of Windows at once": (
        "cli/test_main::test_a_signal_stops_it_cleanly",
    ),
    "Wine's file systems know no holes": (
        "cli/test_main::test_an_upload_and_a_download_as_json",
        "cli/test_main::test_for_people",
        "cli/test_main::test_map_as_json",
        "cli/test_main::test_map_for_people",
        "demo/test_samples::test_they_are_the_same_every_time_and_differ_in_kind",
        "extents/test_scan::test_any_pattern",
        "extents/test_scan::test_data_at_the_end_of_eight_tebibytes",
        "extents/test_scan::test_descriptor_is_borrowed",
        "extents/test_scan::test_eight_tebibytes_of_nothing",
        "extents/test_scan::test_file_growing_is_covered_to_its_old_end",
        "extents/test_scan::test_many_random_sections",
        "extents/test_scan::test_pattern",
        "extents/test_sparse::test_allocated_bytes",
        "extents/test_sparse::test_punched_blocks_are_a_hole",
        "extents/test_sparse::test_punched_range_reads_zero_and_nothing_else_does",
        "extents/test_survey::test_all_hole_is_instant",
        "extents/test_survey::test_holes_only",
        "extents/test_survey::test_zeros_too",
        "transfer/test_download::test_a_volume",
        "transfer/test_plan::test_the_last_data",
        "transfer/test_round_trips::test_a_download",
        "transfer/test_target::test_clearing",
        "transfer/test_target::test_zeros_take_no_room",
        "transfer/test_upload::test_a_new_volume",
        "transfer/test_upload::test_kinds_of_what_was_sent",
        "transfer/test_upload::test_verified",
    ),
    "they put something in the place of a call that Windows does not have": (
        "client/test_uploads::test_an_upload_of_a_file",
        "extents/test_cache::test_advice_that_cannot_be_given_is_no_error",
        "extents/test_cache::test_memory_is_some_of_what_there_is",
        "extents/test_scan::test_answers_behind_the_question_do_not_go_back",
        "extents/test_scan::test_data_vanishing_between_two_questions",
        "extents/test_scan::test_failing_disk_is_a_local_file_error",
        "extents/test_scan::test_file_system_without_holes",
        "extents/test_scan::test_holes_cease_to_be_known_half_way",
        "extents/test_sparse::test_c_library_without_fallocate",
        "extents/test_sparse::test_file_system_that_cannot_punch",
        "extents/test_sparse::test_interrupted_call_is_repeated",
        "extents/test_survey::test_cache_is_dropped_in_whole_chunks",
        "transfer/test_daemon_memory::test_ballast_is_for_a_daemon_that_is_near",
        "transfer/test_target::test_a_disk_that_takes_little",
        "transfer/test_target::test_room",
        "transport/test_sending_files::",
    ),
    "unix sockets, socket pairs of a child, pipes with names, devices and users are POSIX's": (
        "cli/test_diagnostics::",
        "extents/test_scan::test_character_device_without_a_size_is_refused",
        "extents/test_scan::test_folder_pipe_and_socket_are_refused_without_waiting",
        "extents/test_scan::test_pipe_put_in_place_after_the_look_does_not_block",
        "extents/test_scan::test_terminal_is_refused",
        "extents/test_sparse::test_pipe_cannot_have_holes",
        "journal/test_damage::test_read_only_folder",
        "transfer/test_target::test_only_files_are_replaced",
        "transport/test_ext::test_a_program_that_does_not_end_is_ended",
        "transport/test_ext::test_a_program_that_fails_is_quoted",
        "transport/test_ext::test_bytes_go_both_ways",
        "transport/test_libvirt_conf::test_the_default",
        "transport/test_libvirt_conf::test_where_it_is",
        "transport/test_opening::test_a_named_socket_is_the_only_one",
        "transport/test_opening::test_a_socket_nobody_serves",
        "transport/test_opening::test_a_unix_socket_opens",
        "transport/test_opening::test_giving_up_while_connecting",
        "transport/test_opening::test_no_socket_there",
        "transport/test_opening::test_no_unix_sockets_on_this_platform",
        "transport/test_opening::test_the_address_that_answers",
        "transport/test_opening::test_the_failure_that_says_most",
        "transport/test_opening::test_the_session_of_root_is_the_system",
        "transport/test_opening::test_the_systems_sockets",
        "transport/test_opening::test_the_users_sockets",
        "transport/test_pipes::.*(-|\\[)(unix|socket)\\]",
        "transport/test_pki::test_a_certificate_without_its_key",
        "transport/test_pki::test_each_missing_file_comes_from_the_system",
        "transport/test_pki::test_root_has_the_systems_alone",
        "transport/test_socket_folder::",
    ),
    "the command is for the shell of the host, and is tried in one": (
        "transport/test_ssh_words::test_the_command_finds_the_socket_and_the_program",
        "transport/test_ssh_words::test_the_command_is_one_line_for_any_shell",
        "transport/test_ssh_words::test_the_command_offers_a_socket_and_goes_on_without",
        "transport/test_ssh_words::test_the_command_offers_nothing_where_there_is_nothing",
        "transport/test_ssh_words::test_what_can_be_forwarded",
    ),
    "they remove, replace or rename a file that is open": (
        "journal/test_damage::test_closing_after_it_was_set_aside",
        "journal/test_damage::test_damage_while_it_is_open",
        "journal/test_damage::test_removed_while_it_is_open",
        "logs/test_log_file::test_a_removed_file_is_made_anew",
        "logs/test_log_file::test_several_processes_share_a_file_that_does_not_grow",
        "transfer/test_target::test_discarding_what_is_gone",
    ),
    "names, links, locks and messages are others on Windows": (
        "cli/test_main::test_map_of_nothing",
        "cli/test_main::test_map_of_what_is_not_there",
        "extents/test_scan::test_closed_descriptor_is_refused",
        "extents/test_scan::test_missing_file_says_why",
        "journal/test_busy::test_it_is_seen",
        "journal/test_processes::test_no_place_for_locks",
        "logs/test_log_file::test_without_a_folder_of_ones_own_it_is_where",
        "storage/test_names::test_bytes_that_are_not_utf8_survive_on_posix",
        "transfer/test_target::test_a_link_keeps_pointing",
        "transfer/test_target::test_a_name_of_the_greatest_length",
        "transfer/test_target::test_a_name_that_is_too_long_is_found_at_once",
        "transfer/test_target::test_a_part_cannot_be_prepared_for_us",
        "transfer/test_target::test_in_a_folder_the_volumes_name_is_made_safe",
        "transfer/test_target::test_what_exists",
        "transport/test_opening::test_tcp_failures",
        "transport/test_opening::test_tcp_opens_and_does_not_wait_for_more",
        "test_late::test_transfers_on_this_machine_load_no_more_than_they_need",
    ),
    "qemu-img is a program of this side": (
        "demo/test_samples::test_qemu_accepts_the_qcow2_and_finds_the_content",
        "storage/test_image::test_images_of_qemu",
        "storage/test_image::test_overlays_name_their_base",
    ),
    "Windows' clock goes in steps of up to 16 ms": (
        "transfer/test_crew::test_the_last_to_come_goes_first_and_what_it_gives_back_is_done",
        "transfer/test_limit::test_never_more_than_the_rate_and_one_burst",
        "transfer/test_round_trips::test_an_upload",
    ),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the setting of pytest-qt, which is not here."""
    parser.addini("qt_api", "for the tests of the window")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out whole files."""
    if any(collection_path == ENGINE / name for name in CANNOT_BE_IMPORTED):
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out single tests. Raises :class:`pytest.UsageError` for a name without a test."""
    unused = {pattern for patterns in NOT_THERE.values() for pattern in patterns}
    expressions = {pattern: re.compile(pattern) for pattern in unused}
    left_out: list[pytest.Item] = []
    for item in list(items):
        file = item.path.relative_to(ENGINE).with_suffix("").as_posix()
        name = f"{file}::{item.nodeid.partition('::')[2]}"
        fitting = {one for one, expression in expressions.items() if expression.match(name)}
        if fitting:
            unused -= fitting
            items.remove(item)
            left_out.append(item)
    config.hook.pytest_deselected(items=left_out)
    if unused and [str(word) for word in config.args] == ["tests/engine"]:
        raise pytest.UsageError(f"no test has the name of {sorted(unused)}")
