// Crosscheck lets golang.org/x/mod/sumdb/note and golang.org/x/mod/sumdb/tlog, written by others, judge this project's
// notes and proofs, and makes some for this project to judge. It reads one JSON object and writes one.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is that of c2sp.org/tlog-tiles.
const tileHeight = 8

type inclusion struct {
	Index, Size int64
	Leaf, Root  tlog.Hash
	Proof       tlog.RecordProof
}

type consistency struct {
	Size1, Size2 int64
	Root1, Root2 tlog.Hash
	Proof        tlog.TreeProof
}

type request struct {
	// To judge: notes under a verifier key, and proofs.
	Vkey        string
	Notes       []string
	Inclusion   []inclusion
	Consistency []consistency

	// To make: a note of Text signed with Skey, and the log of Entries with all its proofs between Sizes.
	Skey    string
	Text    string
	Entries [][]byte
	Sizes   []int64
}

type answer struct {
	// The reason against each note and proof that was to be judged, empty where there is none.
	Notes, Inclusion, Consistency []string

	Made struct {
		Note        string
		Inclusion   []inclusion
		Consistency []consistency
		Tiles       map[string][]byte // by their path in Go's layout, tile/8/LEVEL/...
	}
}

// hashes are the stored hashes of a log, in tlog's order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "crosscheck:", err)
		os.Exit(1)
	}
}

func judge(asked *request, said *answer) {
	if len(asked.Notes) > 0 {
		verifier, err := note.NewVerifier(asked.Vkey)
		must(err)
		for _, text := range asked.Notes {
			_, err := note.Open([]byte(text), note.VerifierList(verifier))
			said.Notes = append(said.Notes, reason(err))
		}
	}
	for _, p := range asked.Inclusion {
		said.Inclusion = append(said.Inclusion, reason(tlog.CheckRecord(p.Proof, p.Size, p.Root, p.Index, p.Leaf)))
	}
	for _, p := range asked.Consistency {
		said.Consistency = append(said.Consistency, reason(tlog.CheckTree(p.Proof, p.Size2, p.Root2, p.Size1, p.Root1)))
	}
}

func build(asked *request, said *answer) {
	signer, err := note.NewSigner(asked.Skey)
	must(err)
	signed, err := note.Sign(&note.Note{Text: asked.Text}, signer)
	must(err)
	said.Made.Note = string(signed)

	var stored hashes
	for i, entry := range asked.Entries {
		more, err := tlog.StoredHashes(int64(i), entry, stored)
		must(err)
		stored = append(stored, more...)
	}
	for i, size := range asked.Sizes {
		root, err := tlog.TreeHash(size, stored)
		must(err)
		for index := int64(0); index < size; index++ {
			proof, err := tlog.ProveRecord(size, index, stored)
			must(err)
			leaf := tlog.RecordHash(asked.Entries[index])
			said.Made.Inclusion = append(said.Made.Inclusion, inclusion{index, size, leaf, root, proof})
		}
		for _, older := range asked.Sizes[:i] {
			olderRoot, err := tlog.TreeHash(older, stored)
			must(err)
			proof, err := tlog.ProveTree(size, older, stored)
			must(err)
			said.Made.Consistency = append(said.Made.Consistency, consistency{older, size, olderRoot, root, proof})
		}
	}
	said.Made.Tiles = map[string][]byte{}
	for _, tile := range tlog.NewTiles(tileHeight, 0, int64(len(asked.Entries))) {
		data, err := tlog.ReadTileData(tile, stored)
		must(err)
		said.Made.Tiles[tile.Path()] = data
	}
}

func main() {
	var asked request
	var said answer
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	judge(&asked, &said)
	if asked.Skey != "" {
		build(&asked, &said)
	}
	must(json.NewEncoder(os.Stdout).Encode(said))
}
