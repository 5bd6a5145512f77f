"""What a person sees on a page that a test has fetched."""

import re


def problems(answer):
    """Return the words in the summary of problems, empty where there is none."""
    found = re.search(r'<div class="problems".*?</div>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[0]) if found else ""
