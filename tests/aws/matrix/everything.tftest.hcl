run "apply" {
  assert {
    condition     = length(aws_nat_gateway.main) == 3 && length(output.egress_addresses) == 3
    error_message = "a way out in each zone"
  }

  assert {
    condition     = [for subnet in aws_subnet.private : subnet.cidr_block] == ["10.30.16.0/20", "10.30.32.0/20", "10.30.48.0/20"]
    error_message = "private subnets in what is left beside the public ones"
  }

  assert {
    condition     = keys(aws_vpc_endpoint.gateway) == ["s3"] && length(aws_vpc_endpoint.interface) == 5
    error_message = "the endpoints of the descriptor"
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.tcp) == ["1883", "8883"] && keys(aws_lb_listener.tcp) == ["1883", "8883"]
    error_message = "declared TCP ports are open to the internet"
  }

  assert {
    condition     = aws_lb_target_group.tcp["8883"].health_check[0].protocol == "HTTP" && aws_lb_target_group.tcp["8883"].health_check[0].port == "8082"
    error_message = "the ingress says whether it takes connections"
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.internal : rule.cidr_ipv4] == ["10.30.0.0/18", "10.30.0.0/18"]
    error_message = "the internal load balancer answers inside the VPC only"
  }

  assert {
    condition     = one(aws_lb_listener.internal_http.default_action[0].redirect).protocol == "HTTPS"
    error_message = "an internal name in the zone has a certificate"
  }

  assert {
    condition     = alltrue([for record in aws_route53_record.app : record.weighted_routing_policy[0].weight == 50])
    error_message = "half of the traffic"
  }

  assert {
    condition     = keys(output.backing_services) == ["cache", "db", "documents", "events", "files", "things"]
    error_message = "hashistack learns of all services that AWS runs"
  }

  assert {
    condition     = length(local.client_target_groups) == 4
    error_message = "clients are behind all load balancers"
  }

  assert {
    condition     = aws_flow_log.main.max_aggregation_interval == 600 && aws_cloudwatch_log_group.flow.retention_in_days == 90
    error_message = "flow logs are kept as long as the descriptor says"
  }

  assert {
    condition     = aws_route53_zone.main.name == "example.com" && length(output.load_balancers) == 3
    error_message = "the hosted zone is made"
  }
}
