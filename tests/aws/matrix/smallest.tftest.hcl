run "apply" {
  assert {
    condition     = length(aws_nat_gateway.main) == 2 && length(output.egress_addresses) == 2
    error_message = "a way out in each zone"
  }

  assert {
    condition     = one(aws_lb_listener.external_http.default_action[0].redirect).protocol == "HTTPS"
    error_message = "HTTP only redirects"
  }

  assert {
    condition     = aws_lb_listener.external_https.port == 443 && startswith(aws_lb_listener.external_https.ssl_policy, "ELBSecurityPolicy-TLS13-")
    error_message = "HTTPS with TLS 1.3"
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.external) == ["443", "80"]
    error_message = "nothing but 80 and 443 is open to the internet"
  }

  assert {
    condition     = aws_route53_record.apex.type == "A" && length(aws_route53_record.apex.weighted_routing_policy) == 0
    error_message = "the name leads here, and nowhere else"
  }

  assert {
    condition     = aws_lb.external.enable_deletion_protection && !aws_s3_bucket.snapshots.force_destroy
    error_message = "nothing is lost by mistake"
  }

  assert {
    condition     = output.urls == ["https://shop.example.com/"] && output.backing_services == {}
    error_message = "the address of the app, and no service that AWS runs"
  }

  assert {
    condition     = aws_route53_record.proof["shop.example.com"].name == "_proof.shop.example.com"
    error_message = "the certificate is proven by a record"
  }
}

run "unprotected" {
  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_lb.external.enable_deletion_protection && aws_s3_bucket.logs.force_destroy && aws_s3_bucket.snapshots.force_destroy
    error_message = "all can be destroyed, once that has been said"
  }
}
