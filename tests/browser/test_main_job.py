"""The main job, by three people on three phones: from a published need to a proof that anyone can check."""

import json
import re
import subprocess
import sys

from playwright.sync_api import expect

from tests.browser.conftest import ROOT
from tests.browser.installation import PASSWORD


def sign_in(person, name):
    """Sign in by the page, as a person does."""
    person.go("/sign-in")
    person.page.get_by_label("Username").fill(name)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.locator("main").get_by_role("button", name="Sign in").click()
    expect(person.page.get_by_role("heading", level=1)).to_contain_text("wait")


def register_device(person):
    """Make this phone's key and register it."""
    person.go("/work/keys")
    person.page.get_by_role("button", name="Register this device").click()
    expect(person.page.get_by_role("status")).to_contain_text("This device now signs for")


def publish_need(person, quantity, standard):
    """Publish a need, and return the address of its page."""
    person.go("/work/needs/new")
    person.page.get_by_label("What is it?").fill("Surgical mask")
    person.page.get_by_label("How many?").fill(quantity)
    person.page.get_by_label("Which standard").fill(standard)
    person.page.get_by_role("button", name="Publish the need").click()
    expect(person.page.get_by_role("status")).to_contain_text("Your need is published")
    return person.page.url


def pledge(person, need, quantity):
    """Find the need's page, pledge goods to it for the company; return the pledge's address."""
    person.page.goto(need)
    person.page.get_by_role("link", name="Promise goods to this need").click()
    person.page.get_by_label("How many do you pledge?").fill(quantity)
    person.page.get_by_label("Who gives?").select_option(label="Demonstration company")
    person.page.get_by_role("button", name="Pledge").click()
    expect(person.page.get_by_text("Keep this code.")).to_be_visible()
    return person.page.url


def receive_and_allocate(person, pledge, quantity):
    """Receive the pledge, and give the need its fair share of the lot it became."""
    person.go(f"/work/pledges/{pledge.rsplit('/', 1)[1]}/receive")
    person.page.get_by_label("Receipt number").fill("R-2020-1")
    person.page.get_by_role("button", name="Record that it came in").click()
    fair_share = person.page.get_by_label("How many for Demonstration hospital?")
    expect(fair_share).to_have_value(quantity)
    person.page.get_by_role("button", name="Allocate").click()


def expect_signature(person, by):
    """Wait until the page says who will vouch for the signature."""
    words = {"device": "It will be signed with this device’s key.", "account": "recorded as signed by your account"}
    expect(person.page.get_by_text(words[by])).to_be_visible()


def hand_over(person, by):
    """Hand over what was allocated; return the address on the slip where the receiver signs."""
    person.page.get_by_role("link", name="Hand over").click()
    expect_signature(person, by)
    person.page.get_by_role("button", name="Sign and hand over").click()
    expect(person.page.get_by_role("heading", level=1)).to_contain_text("Hand-over slip")
    return person.page.locator("main a", has_text="/sign").get_attribute("href")


def trace_of(person, pledge):
    """Open the pledge's page, follow it to the gift, and wait until every step is on the log."""
    person.page.goto(pledge)
    person.page.get_by_role("link", name="Follow your gift").click()
    person.page.wait_for_load_state()
    for _ in range(20):
        if not person.page.get_by_text("on the log within a second").count():
            break
        person.page.wait_for_timeout(250)
        person.page.reload()
    return person.page.locator(".step-what").all_inner_texts()


def download_proof(person, folder):
    """Download the proof file of the gift that is shown."""
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name="Download the proof").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def vkey_of(person):
    """Return the log's key, as the page of the log shows it."""
    person.go("/log")
    return re.search(r"^\S+\+[0-9a-f]{8}\+\S+$", person.page.locator("main").inner_text(), re.MULTILINE)[0]


def sameboat_verify(proof, vkey):
    """Check a proof file with the command, and return how it ended."""
    command = [sys.executable, "-m", "sameboat", "verify", str(proof), "--vkey", vkey]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


STEPS = [
    "Need published",
    "Pledged",
    "Goods received",
    "Allocated",
    "Handed over",
    "Signed for",
]


def main_job(hospital, charity, company, standard, arrived, by):
    """Do the main job up to the receiver's signature; return the pledge's address."""
    need = publish_need(hospital, "500", standard)
    promised = pledge(company, need, "500")
    receive_and_allocate(charity, promised, "500")
    slip = hand_over(charity, by)
    hospital.page.goto(slip)
    expect_signature(hospital, by)
    hospital.page.get_by_label("How many arrived?").fill(arrived)
    hospital.page.get_by_role("button", name="Sign for it").click()
    expect(hospital.page.get_by_role("status")).to_contain_text("Signed for by Demonstration hospital")
    return promised


def signatures_in(proof):
    """Return how each hand was signed for, by the type of its entry."""
    entries = [json.loads(entry["entry"]) for entry in json.loads(proof.read_text())["entries"]]
    return {each["type"]: each["data"]["signed"]["method"] for each in entries if "signed" in each["data"]}


def test_a_gift_is_followed_from_a_need_to_a_verified_proof(visitor, tmp_path):
    """Hospital asks, company pledges, charity hands over, hospital signs by device; the proof holds anywhere."""
    hospital, charity, company = visitor(), visitor(), visitor()
    sign_in(hospital, "hospital")
    sign_in(charity, "charity")
    sign_in(company, "donor")
    register_device(hospital)
    register_device(charity)
    promised = main_job(hospital, charity, company, "YY 0469-2011", arrived="４９０", by="device")

    steps = trace_of(company, promised)
    assert [step.split(" · ")[0] for step in steps if step.split(" · ")[0] in STEPS] == STEPS
    assert company.page.get_by_text("Signed for by Demonstration hospital; the signature verifies").count() == 1
    assert company.page.get_by_text("10 did not arrive").count() == 1

    proof = download_proof(company, tmp_path)
    assert signatures_in(proof) == {"goods.handed_over": "device-key", "goods.received_by": "device-key"}
    vkey = vkey_of(company)
    assert sameboat_verify(proof, vkey).returncode == 0

    offline = save_offline_page(company, tmp_path)
    assert "It checks out" in verdict_offline(visitor(), offline, proof)
    changed = tmp_path / "changed.json"
    changed.write_text(proof.read_text().replace("Surgical", "surgical").replace("mask-surgical", "mask-surgicol"))
    assert "It checks out" not in verdict_offline(visitor(), offline, changed)
    assert sameboat_verify(changed, vkey).returncode == 1
    assert (hospital.said, charity.said, company.said) == ([], [], [])


def test_the_job_is_done_without_scripts_and_says_who_vouches(visitor, tmp_path):
    """Where no script runs, every page still works, and the log tells that the accounts signed, not devices."""
    hospital, charity, company = (visitor(name, scripts=False) for name in ("hospital", "charity", "donor"))
    promised = main_job(hospital, charity, company, "GB 2626-2006", arrived="500", by="account")
    trace_of(company, promised)
    proof = download_proof(company, tmp_path)
    assert signatures_in(proof) == {"goods.handed_over": "account", "goods.received_by": "account"}
    assert company.page.get_by_text("By account").count() or company.page.get_by_text("not with a device key").count()
    assert company.page.get_by_text("the signature verifies").count() == 0


def save_offline_page(person, folder):
    """Save the page that checks proofs, as a person does who wants to keep it."""
    person.go("/verify")
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name="Save the page").click()
    path = folder / "sameboat-verify.html"
    download.value.save_as(path)
    return path


def verdict_offline(person, saved, proof):
    """Open a saved page from the disk, with no network, give it a proof file, and return what it says."""
    person.page.context.set_offline(True)
    person.page.goto(saved.as_uri())
    person.page.set_input_files("#file", str(proof))
    result = person.page.locator("#result")
    expect(result).not_to_be_empty()
    return result.inner_text()
