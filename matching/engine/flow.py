"""The largest number of students who can be seated at all, whatever anybody prefers.

Seats are handed out by a flow of whole units: from a source to each student, from a student to
the places on the list, from a place to its owner, and from the owner to a sink. A place lets as
many through as it has seats, an owner as many as it has room for. A largest flow is a largest
assignment, so that its value bounds what any solver can reach; preferences, priorities and
minimums play no part.

In the *residual graph* an arc leads to where a unit could be sent, or taken back:

    student → place      the student may be granted the place, and does not sit there
    place   → student    the student sits there, and could be sent elsewhere
    place   → owner      the place has a free seat
    owner   → place      somebody sits there, and could make room at the owner
    owner   → sink       the owner has room

A path from an unplaced student to the sink is an *augmenting* path: each student on it moves to
the next place, and one more is seated. An assignment is largest when there is none.

Source: Ford and Fulkerson (1956), "Maximal flow through a network", Canadian Journal of
Mathematics 8; Hopcroft and Karp (1973), "An n^5/2 algorithm for maximum matchings in bipartite
graphs", SIAM Journal on Computing 2(4); Dinitz (1970) for the same phases in general networks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.engine.arrays import Int32, Int64, ProblemError, uniform
from matching.engine.contest import Contest
from matching.engine.jit import kernel
from matching.engine.outcome import UNPLACED
from matching.engine.problem import Problem

# Columns of `Network.seats` and of `Network.owners`.
CAPACITY, LOAD, OWNER, FIRST = 0, 1, 2, 2

FAR = -1


class Network(NamedTuple):
    """A contest with an assignment in it, as the kernels read and change it.

    Nodes of the residual graph are numbered: students 0 to n − 1, places from n, owners from
    n + m.

    start, place  the rows of each student, as in `Contest`
    asked         int64 (m + 1)     the applicants of each place, standing together, in
    applicant     int32 (E)         the order of the students
    seated        int32 (n)         the place of each student; −1 is unplaced
    seats         int32 (m, 3)      capacity, load and owner of each place
    owners        int32 (L + 1, 3)  capacity, load and first member of each owner; the last row
                                    only ends the members
    member        int32 (m)         the places of each owner, standing together
    """

    start: Int64
    place: Int32
    asked: Int64
    applicant: Int32
    seated: Int32
    seats: Int32
    owners: Int32
    member: Int32

    @property
    def nodes(self) -> int:
        """How many nodes the residual graph has, source and sink left out: n + m + L."""
        return len(self.seated) + len(self.seats) + len(self.owners) - 1


def largest_assignment(contest: Contest, start: Int32 | None = None) -> Int32:
    """An assignment of as many students as can be seated: int32 (n), −1 is unplaced.

    1. Begin with the assignment ``start``, int32 (n), or with nobody seated.
    2. Let each unplaced student, in their order, take the first free seat on the list.
    3. Give each node its distance to the nearest free seat, up to the nearest unplaced student
       (`distances`). Where none is reached, stop.
    4. Find augmenting paths along falling distances, as many as go beside each other, and seat
       one student by each. Go to 3.

    Whoever has a place in ``start`` has one in the result, not always the same. A phase (steps 3
    and 4) reads each row at most twice; distances only grow, and few phases are needed.

    Raises ProblemError where ``start`` is not an assignment within lists and capacities.
    """
    network = network_of(contest, start)
    maximise(network)
    return network.seated


def upper_bound(problem: Problem, contest: Contest, start: Int32 | None = None) -> int:
    """At most so many students have a place in any assignment, pinned ones included.

    ``contest`` is that of the problem. The assignment from which the search begins, ``start``,
    plays no part in the result; a nearly largest one saves time.
    """
    largest = largest_assignment(contest, start)
    return len(problem.pin_student) + int(np.count_nonzero(largest != UNPLACED))


def network_of(contest: Contest, start: Int32 | None = None) -> Network:
    """The network of a contest, with an assignment in it, int32 (n), or with nobody seated.

    Raises ProblemError where it is not an assignment within lists and capacities.
    """
    n, m = contest.students, contest.places
    asked, applicant = applicants(contest.start, contest.place, m)
    seated = np.full(n, UNPLACED, dtype=np.int32) if start is None else start.astype(np.int32)
    if seated.shape != (n,) or np.any((seated < UNPLACED) | (seated >= m)):
        raise ProblemError(f"start: {n} places expected, each from {UNPLACED} to {m - 1}")
    load = np.bincount(seated[seated >= 0], minlength=m)
    owners = np.zeros((len(contest.owner_capacity) + 1, 3), dtype=np.int32)
    owners[:-1, CAPACITY] = contest.owner_capacity
    owners[:-1, LOAD] = np.bincount(contest.owner, load, len(owners) - 1)
    owners[1:, FIRST] = np.cumsum(np.bincount(contest.owner, minlength=len(owners) - 1))
    if start is not None:
        _check(contest, seated, load, owners)
    return Network(
        start=contest.start,
        place=contest.place,
        asked=asked,
        applicant=applicant,
        seated=seated,
        seats=np.stack([contest.capacity, load, contest.owner], axis=1).astype(np.int32),
        owners=owners,
        member=np.argsort(contest.owner, kind="stable").astype(np.int32),
    )


def _check(contest: Contest, seated: Int32, load: Int64, owners: Int32) -> None:
    """Whoever is seated has a row for it, and no place or owner is more than full."""
    on_list = np.repeat(seated, np.diff(contest.start)) == contest.place
    if np.count_nonzero(on_list) < np.count_nonzero(seated != UNPLACED):
        allowed = seated == UNPLACED
        allowed[contest.student[on_list]] = True
        wrong = int(np.argmin(allowed))
        raise ProblemError(f"start: student {wrong} may not have place {seated[wrong]}")
    if np.any(load > contest.capacity):
        raise ProblemError(f"start: place {int(np.argmax(load > contest.capacity))} is overfull")
    if np.any(owners[:, LOAD] > owners[:, CAPACITY]):
        overfull = int(np.argmax(owners[:, LOAD] > owners[:, CAPACITY]))
        raise ProblemError(f"start: owner {overfull} has more students than it can take")


def applicants(
    start: Int64, place: Int32, places: int, who: Int32 | None = None
) -> tuple[Int64, Int32]:
    """The rows of students turned round: who asks for each place.

    Only the students in ``who`` count, int32, all different, and keep that order at each place;
    left out, it is everybody. Returns int64 (places + 1), where the applicants of each place
    begin and end, and the applicants, int32.
    """
    rows = len(place) if who is None else int((start[who + 1] - start[who]).sum())
    who = np.arange(len(start) - 1, dtype=np.int32) if who is None else who
    first = np.zeros(places + 2, dtype=np.int64)
    applicant = np.empty(rows, dtype=np.int32)
    _turn_round(uniform(start), uniform(place), who, first, applicant)
    return first[:-1], applicant


def maximise(network: Network) -> None:
    """Seat as many as possible: steps 2 to 4 of `largest_assignment`, changing the network."""
    distance = np.empty(network.nodes, dtype=np.int32)
    work = np.empty((3, network.nodes), dtype=np.int32)
    _greedy(network)
    asking = np.diff(network.start) > 0
    more = 1
    while more and np.any(asking & (network.seated == UNPLACED)):
        reached = distances(network, distance, work[0], to_all=False)
        room = int((network.owners[:, CAPACITY] - network.owners[:, LOAD]).sum())
        more = _phase(network, *sitters(network), distance, work, reached, room)


def sitters(network: Network) -> tuple[Int64, Int32]:
    """Who sits at each place: where each place begins, int64 (m + 1), and the students, int32."""
    placed = network.seated != UNPLACED
    start = np.zeros(len(placed) + 1, dtype=np.int64)
    np.cumsum(placed, out=start[1:])
    return applicants(start, network.seated[placed], len(network.seats))


@kernel
def _turn_round(start: Int64, place: Int32, who: Int32, first: Int64, applicant: Int32) -> None:
    """Counting sort of the rows by place.

    Counted two further, then summed, and moved one on with each applicant: in the end
    ``first[place]`` is where that place begins.
    """
    for at in range(len(who)):
        for row in range(start[who[at]], start[who[at] + 1]):
            first[place[row] + 2] += 1
    for at in range(1, len(first)):
        first[at] += first[at - 1]
    for at in range(len(who)):
        for row in range(start[who[at]], start[who[at] + 1]):
            applicant[first[place[row] + 1]] = who[at]
            first[place[row] + 1] += 1


@kernel
def _greedy(network: Network) -> None:
    """Let each unplaced student take the first free seat on the list."""
    start, seated, seats, owners = network.start, network.seated, network.seats, network.owners
    for student in range(len(seated)):
        row = start[student]
        while seated[student] < 0 and row < start[student + 1]:
            place = network.place[row]
            owner = seats[place, OWNER]
            if (
                seats[place, LOAD] < seats[place, CAPACITY]
                and owners[owner, LOAD] < owners[owner, CAPACITY]
            ):
                seated[student] = place
                seats[place, LOAD] += 1
                owners[owner, LOAD] += 1
            row += 1


@kernel
def distances(  # noqa: C901
    network: Network, distance: Int32, queue: Int32, to_all: bool
) -> int:
    """Breadth-first search against the arcs of the residual graph, from the owners with room.

    Fills ``distance``, int32 (nodes): how many arcs lead from a node to an owner with room, −1
    where none do; and ``queue``, int32 (nodes), with the nodes that were reached, nearest first.
    Returns how many these are. Unless ``to_all``, it goes no farther than the nearest unplaced
    student.

    (Who sits at a place gets a number from it as well, although no arc leads there. It is never
    used: paths come to a sitter only from that place, which is nearer.)

    One case for each kind of node: the complexity is that of the graph.
    """
    asked, applicant, seated = network.asked, network.applicant, network.seated
    seats, owners, member = network.seats, network.owners, network.member
    n, m = len(seated), len(seats)
    distance[:] = FAR
    head, reached, last = 0, 0, len(distance)
    for owner in range(len(owners) - 1):
        if owners[owner, LOAD] < owners[owner, CAPACITY]:
            distance[n + m + owner] = 0
            queue[reached] = n + m + owner
            reached += 1
    while head < reached and distance[queue[head]] < last:
        node = queue[head]
        far = distance[node] + 1
        head += 1
        if node < n:
            before = n + seated[node]
            if before >= n and distance[before] == FAR:
                distance[before] = far
                queue[reached] = before
                reached += 1
        elif node < n + m:
            place = node - n
            before = n + m + seats[place, OWNER]
            # A place where nobody sits came from its owner, which is not far any more.
            if distance[before] == FAR:
                distance[before] = far
                queue[reached] = before
                reached += 1
            for at in range(asked[place], asked[place + 1]):
                student = applicant[at]
                if distance[student] == FAR:
                    distance[student] = far
                    queue[reached] = student
                    reached += 1
                    if seated[student] < 0 and not to_all:
                        last = far
        else:
            owner = node - n - m
            for at in range(owners[owner, FIRST], owners[owner + 1, FIRST]):
                place = member[at]
                if seats[place, LOAD] < seats[place, CAPACITY] and distance[n + place] == FAR:
                    distance[n + place] = far
                    queue[reached] = n + place
                    reached += 1
    return reached


@kernel
def _onward(  # noqa: C901
    network: Network, first: Int64, sitter: Int32, distance: Int32, arc: Int32, node: int
) -> int:
    """The next node at a smaller distance, or −1.

    ``arc`` counts per node the arcs that need not be tried again in this phase. The first arc of a
    place is that to its owner. One case for each kind of node: the complexity is the graph's.
    """
    seats, owners, place = network.seats, network.owners, network.place
    n, m = len(network.seated), len(seats)
    near = distance[node] - 1
    if near < 0:
        # An owner who had room before this phase.
        return -1
    if node < n:
        begin = network.start[node]
        while begin + arc[node] < network.start[node + 1]:
            if distance[n + place[begin + arc[node]]] == near:
                return int(n + place[begin + arc[node]])
            arc[node] += 1
    elif node < n + m:
        begin = first[node - n] - 1
        owner = n + m + seats[node - n, OWNER]
        if arc[node] == 0:
            if distance[owner] == near and seats[node - n, LOAD] < seats[node - n, CAPACITY]:
                return int(owner)
            arc[node] = 1
        while begin + arc[node] < first[node - n + 1]:
            student = sitter[begin + arc[node]]
            if distance[student] == near and network.seated[student] == node - n:
                return int(student)
            arc[node] += 1
    else:
        begin = owners[node - n - m, FIRST]
        while begin + arc[node] < owners[node - n - m + 1, FIRST]:
            member = network.member[begin + arc[node]]
            if distance[n + member] == near:
                return int(n + member)
            arc[node] += 1
    return -1


@kernel
def _phase(
    network: Network,
    first: Int64,
    sitter: Int32,
    distance: Int32,
    work: Int32,
    reached: int,
    room: int,
) -> int:
    """Depth-first search from each unplaced student that was reached, along falling distances.

    ``first`` and ``sitter`` say who sat at each place before the phase: nobody who comes later is
    nearer to a seat. ``work``, int32 (3, nodes), begins with the ``reached`` nodes. A node from
    which no path leads on any more is as good as out of reach, and nobody comes there again.
    ``room`` is what all owners have left.

    Returns how many more were seated.
    """
    seated, owners = network.seated, network.owners
    n, m = len(seated), len(network.seats)
    arc, path = work[1], work[2]
    arc[:] = 0
    more = 0
    for at in range(reached):
        source = work[0, at]
        if source >= n or seated[source] >= 0 or more == room:
            continue
        path[0] = source
        length = 1
        while length > 0:
            owner = path[length - 1] - n - m
            if owner >= 0 and owners[owner, LOAD] < owners[owner, CAPACITY]:
                for step in range(length - 1):
                    move(network, int(path[step]), int(path[step + 1] - n))
                owners[owner, LOAD] += 1
                more += 1
                break
            path[length] = _onward(network, first, sitter, distance, arc, path[length - 1])
            if path[length] >= 0:
                length += 1
            else:
                length -= 1
                distance[path[length]] = FAR
    return more


@kernel
def move(network: Network, node: int, place: int) -> None:
    """Let a student leave the old place, if any, for another, if any (−1 is none).

    Only the loads of the places change, not those of the owners. A node that is no student stays.
    """
    if node < len(network.seated):
        if network.seated[node] >= 0:
            network.seats[network.seated[node], LOAD] -= 1
        if place >= 0:
            network.seats[place, LOAD] += 1
        network.seated[node] = place
