"""What one, two, … more openings at a place would bring, from one largest assignment.

One more opening, a seat at a place with room for it at the owner, seats one student more if and
only if an unplaced student can reach the place or its owner in the residual graph of a largest
assignment (see `flow`). So all places at which the first opening is of use are found by one search
from the unplaced students. For the next openings students are moved in along one path, which
changes the residual graph along that path alone, and another path is sought; then all is put back.

Each opening seats one more or none, and a later one never does more than an earlier one. So the
openings that are of use come first, and one number per place says it all.

A path is sought from the place backwards, in the order of the arcs so far plus the distance from
the unplaced students before anything was moved (A*): what lies off the way is not looked at. Where
the search fails, the nodes that it did see are a cut through which no more can pass than were
moved in, and bound the other places among them as well; so no region is searched in vain again
and again.

Source: Ford and Fulkerson (1956), "Maximal flow through a network", Canadian Journal of
Mathematics 8 (augmenting paths, and the minimum cut where they end); Hart, Nilsson and Raphael
(1968), "A formal basis for the heuristic determination of minimum cost paths", IEEE Transactions
on Systems Science and Cybernetics 4(2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.engine.arrays import Int32, Int64
from matching.engine.flow import (
    CAPACITY,
    FAR,
    FIRST,
    LOAD,
    OWNER,
    Network,
    applicants,
    move,
    sitters,
)
from matching.engine.jit import kernel

# Columns of `_Search.table`.
_SEEN, _ONTO, _ARCS, _LOOKED, _LENGTH, _NEXT, _MOVED = 0, 1, 2, 3, 4, 5, 6
_NONE = -1


class _Search(NamedTuple):
    """What the search for paths remembers.

    first, applicant  who among the competing students asks for each place, the nearest to an
                      unplaced student first: int64 (m + 1), int32
    reach             int32 (nodes)     arcs from an unplaced student, of `competition`
    table             int32 (nodes, 7)  the last search that saw the node; the next node on its way
                                        to the goal; how many arcs that way has; how many
                                        applicants have been looked at; its bucket, and the next
                                        node there; the last turn in which it was moved
    bucket            int32             per length that the whole path may have, the first node
                                        from which the search is to go on
    seen, moved       int32 (nodes)     the nodes that the search saw; the students moved this turn
    """

    first: Int64
    applicant: Int32
    reach: Int32
    table: Int32
    bucket: Int32
    seen: Int32
    moved: Int32


def competition(network: Network) -> tuple[Int32, Int32]:
    """Which nodes the unplaced students reach in the residual graph of a largest assignment.

    Returns the number of arcs from the nearest unplaced student who asks for a place, int32
    (nodes), −1 where none leads there; and the nodes that are reached, int32, nearest first. They
    are the same whichever largest assignment it is: the source side of the smallest minimum cut
    (Ford and Fulkerson 1956), the over-demanded part (Dulmage and Mendelsohn 1958).
    """
    distance = np.full(network.nodes, FAR, dtype=np.int32)
    queue = np.empty(network.nodes, dtype=np.int32)
    reached = _compete(network, *sitters(network), distance, queue)
    return distance, queue[:reached]


def useful_openings(network: Network, reach: Int32, reached: Int32, limit: Int32) -> Int32:
    """How many further openings at each place would each seat one student more: int32 (m).

    An opening is a seat more at the place together with room for one more at its owner.

    network         with a largest assignment; it is changed on the way, and put back
    reach, reached  of `competition`
    limit           int32 (m): so many at a place are enough to know of. A bound that is known
                    beforehand, such as the number of unplaced students there, saves time
    """
    n, m = len(network.seated), len(network.seats)
    owner_reach = reach[n + m + network.seats[:, OWNER]]
    useful = np.where((reach[n : n + m] != FAR) | (owner_reach != FAR), limit, 0).astype(np.int32)
    # From the farthest place the search sees most, and bounds the most others if it fails.
    order = np.argsort(-np.maximum(reach[n : n + m], owner_reach), kind="stable").astype(np.int32)
    first, applicant = applicants(network.start, network.place, m, reached[reached < n])
    search = _Search(
        first=first,
        applicant=applicant,
        reach=reach,
        table=np.zeros((network.nodes, 7), dtype=np.int32),
        bucket=np.full(2 * network.nodes + 2, _NONE, dtype=np.int32),
        seen=np.empty(network.nodes, dtype=np.int32),
        moved=np.empty(n, dtype=np.int32),
    )
    _try_openings(network, search, order, useful, network.seated.copy())
    return useful


@kernel
def _compete(  # noqa: C901
    network: Network, first: Int64, sitter: Int32, distance: Int32, queue: Int32
) -> int:
    """Breadth-first search along the arcs of the residual graph, from the unplaced students.

    ``distance`` comes filled with `FAR`. Returns how many nodes were reached. One case for each
    kind of node: the complexity is that of the graph.
    """
    start, seats, owners = network.start, network.seats, network.owners
    n, m = len(network.seated), len(seats)
    head, reached = 0, 0
    for student in range(n):
        if network.seated[student] < 0 and start[student] < start[student + 1]:
            distance[student] = 0
            queue[reached] = student
            reached += 1
    while head < reached:
        node = queue[head]
        head += 1
        if node < n:
            begin, end = start[node], start[node + 1]
        elif node < n + m:
            begin, end = first[node - n], first[node - n + 1]
            owner = n + m + seats[node - n, OWNER]
            if seats[node - n, LOAD] < seats[node - n, CAPACITY] and distance[owner] == FAR:
                distance[owner] = distance[node] + 1
                queue[reached] = owner
                reached += 1
        else:
            begin, end = owners[node - n - m, FIRST], owners[node - n - m + 1, FIRST]
        for at in range(begin, end):
            if node < n:
                onto = n + network.place[at]
            elif node < n + m:
                onto = sitter[at]
            elif seats[network.member[at], LOAD] > 0:
                onto = n + network.member[at]
            else:
                continue
            if distance[onto] == FAR:
                distance[onto] = distance[node] + 1
                queue[reached] = onto
                reached += 1
    return reached


@kernel
def _try_openings(
    network: Network, search: _Search, order: Int32, useful: Int32, home: Int32
) -> None:
    """For each place in ``order``, move students in until no path is left, and put them back.

    ``useful`` comes with upper bounds, and leaves with the numbers themselves. ``home`` is where
    everybody sits.
    """
    seats, table = network.seats, search.table
    n = len(home)
    number = 0
    for turn in range(len(order)):
        place, openings = order[turn], useful[order[turn]]
        # The first opening is of use wherever unplaced students come.
        if openings < 2:
            continue
        goal = n + len(seats) + seats[place, OWNER]
        seats[place, CAPACITY] += openings
        moved, gained = 0, 0
        while gained < useful[place]:
            number += 1
            node = _find_path(network, search, goal, number)
            if node < 0:
                useful[place] = gained
                _bound_by_cut(search.seen[:-node], useful, n, useful[place])
                break
            while node != goal:
                if node < n and table[node, _MOVED] != turn + 1:
                    table[node, _MOVED] = turn + 1
                    search.moved[moved] = node
                    moved += 1
                onto = int(table[node, _ONTO])
                move(network, node, onto - n)
                node = onto
            gained += 1
        for at in range(moved):
            student = int(search.moved[at])
            move(network, student, int(home[student]))
        seats[place, CAPACITY] -= openings


@kernel
def _bound_by_cut(seen: Int32, useful: Int32, first_place: int, gained: int) -> None:
    """No more than were moved in can come to any place that a failed search saw.

    All arcs into these nodes are in use. The owner of such a place is one of them, because somebody
    who sits there could make room; or else no unplaced student reaches it, but by that place.
    """
    for at in range(len(seen)):
        place = seen[at] - first_place
        if 0 <= place < len(useful):
            useful[place] = min(useful[place], gained)


@kernel
def _find_path(  # noqa: C901
    network: Network, search: _Search, goal: int, number: int
) -> int:
    """The unplaced student at the beginning of a path to the goal, an owner.

    The path itself stands in the table. Where there is none, minus the number of nodes seen: these
    are all from which the goal can be reached, and an unplaced student might reach.

    1. Take a node from the bucket of the shortest length. Where all are empty, there is no path.
    2. See the nodes from which an arc leads to it, an unplaced student being the end. A node that
       is seen for the first time waits in the bucket of the arcs from it to the goal and, as an
       estimate, to it from an unplaced student.
    3. The applicants of a place are sorted by that estimate. Those who are too far for now have to
       wait, and the place for them. Go to 1.

    One case for each kind of node: the complexity is that of the graph.
    """
    seated, seats, owners, reach = network.seated, network.seats, network.owners, search.reach
    table, first, bucket = search.table, search.first, search.bucket
    n, m = len(seated), len(seats)
    table[goal, _SEEN], table[goal, _ARCS], table[goal, _LENGTH] = number, 0, 0
    table[goal, _NEXT], bucket[0], search.seen[0] = _NONE, goal, goal
    count, done, length, found = 1, 0, 0, _NONE
    while done < count and found < 0:
        node = bucket[length]
        if node < 0:
            length += 1
            continue
        bucket[length] = table[node, _NEXT]
        done += 1
        begin, end = 0, 1
        if node >= n + m:
            begin, end = owners[node - n - m, FIRST], owners[node - n - m + 1, FIRST]
        elif node >= n:
            # The first arc of a place is that from its owner.
            begin, end = first[node - n] - 1 + table[node, _LOOKED], first[node - n + 1]
        for at in range(begin, end):
            if node < n:
                before = n + seated[node]
            elif node >= n + m:
                before = n + network.member[at]
                if seats[before - n, LOAD] == seats[before - n, CAPACITY]:
                    continue
            elif at < first[node - n]:
                # A place where nobody sits came from its owner, which has been seen.
                before = n + m + seats[node - n, OWNER]
            else:
                before = int(search.applicant[at])
                estimate = table[node, _ARCS] + 1 + reach[before]
                if estimate > length:
                    table[node, _LOOKED] = at + 1 - first[node - n]
                    table[node, _LENGTH], table[node, _NEXT] = estimate, bucket[estimate]
                    bucket[estimate] = node
                    done -= 1
                    break
                if seated[before] < 0:
                    table[before, _ONTO] = node
                    found = before
                    break
                if seated[before] == node - n:
                    continue
            if reach[before] == FAR or table[before, _SEEN] == number:
                continue
            table[before, _SEEN], table[before, _ONTO], table[before, _LOOKED] = number, node, 0
            table[before, _ARCS] = table[node, _ARCS] + 1
            # Where students have moved, an estimate may be too high, and the next one below it.
            estimate = max(length, table[before, _ARCS] + reach[before])
            table[before, _LENGTH], table[before, _NEXT] = estimate, bucket[estimate]
            bucket[estimate] = before
            search.seen[count] = before
            count += 1
    for at in range(count):
        bucket[table[search.seen[at], _LENGTH]] = _NONE
    return found if found >= 0 else -count
