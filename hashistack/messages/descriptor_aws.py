"""Wordings about AWS that fit the schema and still cannot work (HS250 to HS280)."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def number_of_zones(path: str, count: int) -> Diagnostic:
    """Too few zones for a load balancer, or more than there are subnets for."""
    return Diagnostic(
        "HS250", f"an environment has two or three zones, got {count}", path, "write the two or three to use"
    )


def public_network(path: str, cidr: str) -> Diagnostic:
    """A network whose addresses are somebody's on the internet."""
    hint = "choose one in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
    return Diagnostic("HS251", f"{cidr} is no private network", path, hint)


def network_size(path: str, prefix: int, nearest: int) -> Diagnostic:
    """A network of a size that a VPC cannot have, or that has no room for subnets."""
    return Diagnostic("HS252", f"a network is /16 to /24, got /{prefix}", path, f"write /{nearest}")


def small_network(path: str, cidr: str, machines: int, zones: int, room: int) -> Diagnostic:
    """A network without room for the machines, with what comes and goes beside them, or for a zone more."""
    what = f"{machines} machines in {zones} zones" if room else f"{zones} zones"
    hint = "take a greater network, such as 10.20.0.0/16" + (
        f"; {room} machines fit into this" if room else ""
    )
    return Diagnostic("HS253", f"{cidr} has no room for {what}", path, hint)


def network_start(path: str, cidr: str, start: str) -> Diagnostic:
    """An address in a network instead of the network's own."""
    return Diagnostic("HS254", f"{cidr} does not begin where a network can", path, f"write {start}")


def taken_network(path: str, cidr: str, other: str, whose: str) -> Diagnostic:
    """A network that the machines use already for something else."""
    summary = f"{cidr} overlaps {other}, which {whose} uses on each machine"
    return Diagnostic("HS255", summary, path, "choose another, such as 10.20.0.0/16")


def overlapping_networks(path: str, cidr: str, other: str, environment: str) -> Diagnostic:
    """Two environments whose networks can never be connected."""
    summary = f"{cidr} overlaps {other} of environments.{environment}: the two can never be connected"
    return Diagnostic("HS256", summary, path, "choose another if they ever should be", severity="warning")


def mixed_architectures(path: str, type_: str, architecture: str, first: str, other: str) -> Diagnostic:
    """Machines of one group that do not run the same images."""
    summary = f"{type_} is {architecture}, but {first} is {other}"
    return Diagnostic("HS257", summary, path, "choose types of one architecture")


def small_disk(path: str, size: int, least: int) -> Diagnostic:
    """A disk without room for the system and images; both in MiB."""
    hint = f"write {least // 1024}GiB or more"
    return Diagnostic("HS258", f"{size}MiB is too small for the system and images", path, hint)


def too_many_on_demand(path: str, count: int, most: int) -> Diagnostic:
    """More machines that are never spot instances than machines."""
    return Diagnostic("HS259", f"on_demand {count} is more than max {most}", path, f"write {most} or less")


def without_spot(path: str) -> Diagnostic:
    """A number of machines that are no spot instances where none is."""
    return Diagnostic(
        "HS260", "`on_demand` has no effect without `spot`", path, "add `spot: true`, or remove it"
    )


def instance_of_another(path: str, instance: str, kind: str, prefix: str, example: str) -> Diagnostic:
    """The machine type of another service."""
    summary = f"{instance} is no instance type of a managed {kind}: those begin with `{prefix}`"
    return Diagnostic("HS261", summary, path, f"for example {example}")


def managed_key(path: str, key: str, kind: str) -> Diagnostic:
    """Something that a managed service of a type has no choice about."""
    return Diagnostic("HS262", f"a managed {kind} has no `{key}` to choose", path, "remove it")


def lacking_region(path: str, what: str, region: str) -> Diagnostic:
    """A service of AWS that a region does not have."""
    hint = "choose another region, or leave it out of `managed`: a stand-in runs in the cluster then"
    return Diagnostic("HS263", f"{region} has no {what}", path, hint)


def outside_zone(path: str, host: str, zone: str) -> Diagnostic:
    """A public host that has no record and no certificate there."""
    hint = "set `dns.zone` to a domain that all public hosts are in, or add `internal: true` to the process"
    return Diagnostic("HS264", f"{host} is not in the hosted zone {zone}", path, hint)


def needs_zone(path: str, host: str, environment: str) -> Diagnostic:
    """A public host where nobody knows the hosted zone."""
    hint = f"add `environments.{environment}.domain`, or `dns.zone`"
    return Diagnostic("HS265", f"no hosted zone is known for {host}", path, hint)


def others_without_weight(path: str) -> Diagnostic:
    """Other platforms that share the traffic, and no share of one's own."""
    return Diagnostic(
        "HS266", "`others` need a `weight` beside them", path, "write the share that comes here"
    )


def others_at_top(path: str, target: str, host: str, zone: str) -> Diagnostic:
    """A record at the top of a zone that can point at no other name."""
    parent = zone.partition(".")[2]
    summary = f"{host} is the top of its hosted zone, and there a record cannot point at {target}"
    higher = f"use a zone one level up (`zone: {parent}`), or" if "." in parent else "use"
    return Diagnostic("HS267", summary, path, f"{higher} a host such as www.{zone}")


def own_name(path: str, target: str) -> Diagnostic:
    """Who shares the traffic is asked for under the very name whose traffic is shared."""
    summary = f"{target} is a name that comes here: its record would point at itself"
    return Diagnostic(
        "HS278", summary, path, "write the name or address that the other platform has by itself"
    )


def shared_state(path: str, bucket: str, key: str, environment: str) -> Diagnostic:
    """Two environments of which each would destroy what the other made."""
    summary = f"{bucket}/{key} is the state of environments.{environment} already"
    hint = "give each environment a `key` of its own: Terraform destroys what it finds in a state and not in its files"
    return Diagnostic("HS279", summary, path, hint)


def two_regions(path: str, bucket: str, region: str, other: str, environment: str) -> Diagnostic:
    """A bucket that two environments look for in different regions; unless said, in their own."""
    summary = f"{bucket} is looked for in {region} here, and in {other} by environments.{environment}"
    hint = f"a bucket has one region, write the same in both: `{{bucket: {bucket}, region: {other}}}`"
    return Diagnostic("HS280", summary, path, hint)


def mixed_targets(path: str, target: str, other: str) -> Diagnostic:
    """Records of one name of which some are addresses and some are names."""
    summary = f"{target} is an address, and {other} a name: one record cannot be both"
    return Diagnostic("HS268", summary, path, "give all of them a name, or all of them an address")


def days(path: str, got: int, near: Sequence[int]) -> Diagnostic:
    """A number of days that CloudWatch does not offer."""
    return Diagnostic(
        "HS269", f"logs cannot be kept for {got} days", path, f"write {' or '.join(map(str, near))}"
    )


def too_many_tags(path: str, count: int, most: int) -> Diagnostic:
    """More tags than a resource can have beside ours."""
    return Diagnostic(
        "HS270", f"{count} tags are more than the {most} there is room for", path, "remove some"
    )


def open_to_all(path: str, cidr: str) -> Diagnostic:
    """A login that the whole internet can try."""
    return Diagnostic(
        "HS271",
        f"{cidr} lets the whole internet try to log in",
        path,
        "write your own networks, such as 198.51.100.0/24",
    )


def push_to_cloud(path: str) -> Diagnostic:
    """Software that is pushed to machines which nobody can log in to, and which come by themselves."""
    hint = "remove it, or name a `mirror` that the machines can reach"
    return Diagnostic(
        "HS272", "machines on AWS start by themselves, so nothing can be pushed to them", path, hint
    )


def without_room_to_scale(path: str, count: int) -> Diagnostic:
    """Something to scale by where the number is fixed."""
    summary = f"`scale` has no effect: min and max are both {count}"
    return Diagnostic("HS273", summary, path, "raise `max`, or remove it", severity="warning")


def other_architecture(path: str, product: str, version: str, type_: str, zips: str) -> Diagnostic:
    """A version whose zip for the architecture of some machines cannot be checked."""
    summary = f"no checksum is known of {product} {version} for the architecture of {type_}"
    return Diagnostic("HS274", summary, path, f"add it to software.checksums, `{{{zips}: ...}}`")


def unknown_version(path: str, kind: str, version: str, choices: Sequence[str]) -> Diagnostic:
    """A version of a managed service that AWS does not run."""
    return Diagnostic("HS275", f"AWS runs no {kind} {version}", path, f"write one of {', '.join(choices)}")


def small_brokers(path: str, instance: str, version: str) -> Diagnostic:
    """Brokers that are too small for a version of Kafka."""
    hint = "write kafka.m7g.large, for example, or take version 3.9"
    return Diagnostic("HS276", f"{instance} does not run kafka {version}", path, hint)


def public_by_itself(path: str) -> Diagnostic:
    """Public ports of a service that has a public address of its own."""
    summary = "`public` has no effect where the service is managed: IoT Core has an address of its own"
    return Diagnostic(
        "HS277", summary, path, "leave it as it is for other environments, or remove it", severity="warning"
    )
