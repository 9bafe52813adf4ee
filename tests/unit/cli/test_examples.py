from eventyard.cli.examples import examples


def test_examples_are_paragraphs_so_that_a_terminal_and_markdown_both_keep_them_apart() -> None:
    assert examples("eventyard tail", "eventyard demo") == "Examples:\n\n    $ eventyard tail\n\n    $ eventyard demo"
